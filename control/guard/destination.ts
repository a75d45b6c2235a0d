/** Which destinations are refused: the filter `destination` of every chain against the policy (for no-bypass). */
import type { Policy } from '../policy/policy.ts';
import { authorityPattern, portPattern } from '../render/authority.ts';
import type { Resource } from '../render/field.ts';
import { type Breach, breachOf, look, members } from './breach.ts';

const breach = breachOf('no-bypass');

export function destinationBreaches(listener: string, manager: Resource, policy: Policy): Breach[] {
  // The operator named mcp's one destination.
  if (listener === 'mcp') return [];
  const connect = members(manager.upgrade_configs).filter((u) => u.upgrade_type === 'CONNECT');
  const chains: [string, Resource[]][] = [[`listener ${listener}`, members(manager.http_filters)]];
  for (const upgrade of connect) chains.push([`listener ${listener}, upgrade CONNECT`, members(upgrade.filters)]);
  return chains.flatMap(([place, filters]) => chainBreaches(place, filters, policy));
}

function chainBreaches(place: string, filters: Resource[], policy: Policy): Breach[] {
  const rules = look(filters, 'destination', 'typed_config', 'rules');
  if (look(rules, 'action') !== 'DENY') return [breach(place, 'no filter destination refuses anything')];
  const breaches: Breach[] = [];
  const pattern = (name: string, invert: boolean): string | undefined => {
    const header = look(rules, 'policies', name, 'permissions', 0, 'header');
    const isSame = look(header, 'name') === ':authority' && (look(header, 'invert_match') ?? false) === invert;
    const regex = look(header, 'string_match', 'safe_regex', 'regex');
    return isSame && typeof regex === 'string' ? regex : undefined;
  };
  const wanted = (name: string, is: boolean, what: string) => {
    if (!is) breaches.push(breach(`${place}, rule ${name}`, what));
  };
  const { allowed, blocked } = policy.destinations;
  wanted('destination-malformed', pattern('destination-malformed', true) !== undefined, 'odd spellings would pass');
  const refused = pattern('destination-blocked', false) ?? '';
  wanted(
    'destination-blocked',
    blocked.length === 0 || refused.includes(authorityPattern(blocked)),
    `${blocked.join(', ')} would be reached`,
  );
  wanted(
    'destination-not-allowed',
    allowed === undefined || pattern('destination-not-allowed', true) === authorityPattern(allowed),
    'destinations that are not listed would be reached',
  );
  const isThere = (name: string) => look(rules, 'policies', name) !== undefined;
  wanted(
    'destination-address',
    !policy.tls.intercept || isThere('destination-address'),
    'https to addresses would pass',
  );
  const port = look(rules, 'policies', 'destination-port', 'permissions', 0, 'and_rules', 'rules', 1, 'header');
  wanted(
    'destination-port',
    policy.tunnel.ports === undefined ||
      (look(port, 'string_match', 'safe_regex', 'regex') === portPattern(policy.tunnel.ports) &&
        look(port, 'invert_match') === true),
    'tunnels to other ports would be made',
  );
  wanted('tunnel-disabled', policy.tunnel.enabled || isThere('tunnel-disabled'), 'tunnels would be made');
  return breaches;
}
