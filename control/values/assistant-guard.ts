/** The guard of Sure's chart: no external assistant and no open /mcp without the gateway, and nothing that leads around it. */
import type { KeyPath } from '../config/keys.ts';
import { isMapping } from '../config/tree.ts';
import type { Values } from './chart.ts';
import type { GatewayValues, ValuesComplaint } from './checks.ts';

/** The values of Sure's chart that the checks read; the schema has seen to their types. */
export interface SureValues extends Values {
  fullnameOverride: string;
  nameOverride: string;
  service: { port: number };
  rails: { externalAssistant: { enabled: boolean } };
  postgresql: { enabled: boolean };
  database: { host: string; existingSecret: string };
  redis: { enabled: boolean; host: string };
  ingress: { enabled: boolean; hosts: unknown[] };
  pipelock: GatewayValues & { enabled: boolean; requireForExternalAssistant: boolean };
}

/** Where values set environment variables. */
const envPlaces: KeyPath[] = [
  ['rails', 'extraEnv'],
  ['rails', 'extraEnvVars'],
  ['rails', 'secret', 'values'],
  ['web', 'extraEnv'],
  ['worker', 'extraEnv'],
];

const leadsAround = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** What the guard has against values of Sure's chart. */
export function guardAssistant(values: SureValues): ValuesComplaint[] {
  const { enabled, requireForExternalAssistant, forwardProxy } = values.pipelock;
  const complaints: ValuesComplaint[] = [];
  // Users search for these words.
  const missing = 'pipelock.requireForExternalAssistant is true but pipelock.enabled is false.';
  const unguarded = (at: KeyPath, text: string) =>
    complaints.push({ code: 'unguarded-assistant', path: [], at, message: `${missing} ${text}`, remedy: '' });
  const variables = envPlaces.flatMap((place) => variablesAt(values, place));

  if (requireForExternalAssistant && !enabled) {
    if (values.rails.externalAssistant.enabled) {
      unguarded(
        ['rails', 'externalAssistant', 'enabled'],
        'Enable pipelock (pipelock.enabled=true) when using rails.externalAssistant, or set pipelock.requireForExternalAssistant=false.',
      );
    }
    for (const { place, at } of variables.filter(({ name }) => name === 'MCP_API_TOKEN')) {
      unguarded(
        at,
        `${place} sets MCP_API_TOKEN, which opens /mcp to an agent. Enable pipelock (pipelock.enabled=true), or set pipelock.requireForExternalAssistant=false.`,
      );
    }
  }
  if (enabled && forwardProxy.enabled) {
    for (const { place, name, at } of variables.filter(({ name }) => leadsAround.includes(name.toUpperCase()))) {
      complaints.push({
        ...{ code: 'values-conflict', path: place.split('.'), at },
        message: `sets ${name}, which would lead around the gateway`,
        remedy: 'remove it, or set pipelock.enabled=false; hosts that need no gateway go to gatewayClient.noProxy',
      });
    }
  }
  return complaints;
}

/** The variables that a mapping of names, or a list of EnvVar, gives a value. */
function variablesAt(values: Values, path: KeyPath): { place: string; name: string; at: KeyPath }[] {
  const given = path.reduce<unknown>((at, step) => (isMapping(at) ? at[step] : undefined), values);
  const place = path.join('.');
  if (isMapping(given)) {
    const set = Object.keys(given).filter((name) => String(given[name] ?? '') !== '');
    return set.sort().map((name) => ({ place, name, at: [...path, name] }));
  }
  if (!Array.isArray(given)) return [];
  return given.flatMap((entry: Values, i) =>
    entry.value || entry.valueFrom ? [{ place, name: String(entry.name), at: [...path, i, 'name'] }] : [],
  );
}

/** The release that is assumed: a values file does not name its own. */
const release = 'sure';

/** The name of Sure's Service. */
function sureName({ fullnameOverride, nameOverride }: SureValues): string {
  const chart = nameOverride || 'sure';
  return fullnameOverride || (release.includes(chart) ? release : `${release}-${chart}`);
}

/** Where the gateway's MCP port leads in Sure's chart, when values do not say it. */
export const sureUpstream = `http://${release}:80/mcp`;

/** What is wrong between the values of Sure's chart itself. */
export function checkSure(values: SureValues): ValuesComplaint[] {
  const { pipelock, postgresql, database, redis, ingress, service } = values;
  const complaints: ValuesComplaint[] = [];
  const complain = (path: KeyPath, message: string, remedy: string) =>
    complaints.push({ code: 'values-conflict', path, message, remedy });
  const name = sureName(values);
  if (pipelock.enabled && !pipelock.mcpProxy.upstream && (name !== release || service.port !== 80)) {
    complain(
      ['pipelock', 'mcpProxy', 'upstream'],
      'empty, and the gateway does not see fullnameOverride, nameOverride and service.port',
      `set it to http://${name}:${service.port}/mcp`,
    );
  }
  if (!postgresql.enabled && !database.host) {
    const message = 'empty, and postgresql.enabled is false';
    complain(['database', 'host'], message, 'name your PostgreSQL, or set postgresql.enabled=true');
  }
  if (!postgresql.enabled && !database.existingSecret) {
    const message = 'empty, and postgresql.enabled is false';
    complain(['database', 'existingSecret'], message, 'name the Secret with its password');
  }
  if (!redis.enabled && !redis.host) {
    complain(['redis', 'host'], 'empty, and redis.enabled is false', 'name your Redis, or set redis.enabled=true');
  }
  if (ingress.enabled && ingress.hosts.length === 0) {
    const remedy = 'add {host: sure.example.com}, or set ingress.enabled=false';
    complain(['ingress', 'hosts'], 'empty, so the Ingress would lead nowhere', remedy);
  }
  return complaints;
}
