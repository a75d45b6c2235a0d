import { expect, test } from 'vitest';
import { isPlainlyAllowed, readAccessLine, readExchangeLine } from './event.ts';

const line = (fields: Record<string, unknown>) =>
  JSON.stringify({
    ...{ event: 'exchange', at: '2026-11-25T10:00:00.000Z', listener: 'intercept', found: null, client: '10.0.0.7' },
    ...{ id: '0a1b2c3d-4e5f-6789-abcd-ef0123456789', host: 'api.example', method: 'POST', status: 200, flags: '-' },
    ...{ details: 'via_upstream', duration_ms: 12, first_byte_ms: 9, request_bytes: 5, response_bytes: 7, ...fields },
  });

test('an exchange in which nothing was found passed', () => {
  expect(readAccessLine(line({}))).toEqual({
    ...{ level: 'info', event: 'exchange', request: '0a1b2c3d4e5f6789', verdict: 'allow', action: 'passed' },
    ...{ at: '2026-11-25T10:00:00.000Z', listener: 'intercept', client: '10.0.0.7', host: 'api.example' },
    ...{ method: 'POST', status: 200, details: 'via_upstream' },
    ...{ duration_ms: 12, first_byte_ms: 9, request_bytes: 5, response_bytes: 7 },
  });
});

test('a line need be read only where it may tell of more than that', () => {
  expect(isPlainlyAllowed(line({}))).toBe(true);
  expect(isPlainlyAllowed(line({ found: 'warn url raw 18eb7c84aec6f380 a.b' }))).toBe(false);
  expect(isPlainlyAllowed(line({ details: 'rbac_access_denied_matched_policy[kill-switch]' }))).toBe(false);
});

test('what the filter found is told of the strongest, with all its rules', () => {
  const found = 'block request-body json+base64 18eb7c84aec6f380 credential.github.token financial.card.number';
  expect(readAccessLine(line({ found, status: 403 }))).toMatchObject({
    ...{ level: 'warn', verdict: 'block', action: 'answered', request: '18eb7c84aec6f380' },
    ...{ surface: 'request-body', view: 'json+base64' },
    rules: ['credential.github.token', 'financial.card.number'],
  });
  const unreadable = readAccessLine(line({ found: 'warn - - 18eb7c84aec6f380 response-encoding' }));
  expect(unreadable).toMatchObject({ verdict: 'warn', action: 'passed', rules: ['response-encoding'] });
  expect(unreadable).not.toHaveProperty('surface');
});

test('what the rules of destinations refused is a block, and an origin that gave no answer is no verdict', () => {
  const refused = readAccessLine(
    line({ details: 'rbac_access_denied_matched_policy[destination-blocked]', status: 403 }),
  );
  expect(refused).toMatchObject({ verdict: 'block', action: 'answered', rules: ['destination-blocked'] });
  const internal = readAccessLine(line({ details: 'dns_resolution_failure{address_denied}', status: 403 }));
  expect(internal).toMatchObject({ verdict: 'block', rules: ['destination-private'] });
  expect(readAccessLine(line({ flags: 'UF,URX', status: 502 }))).toMatchObject({ verdict: 'allow', action: 'failed' });
});

test('a host is masked, shown as it was, or left out where the finding may be in it', () => {
  const host = 'abcdefgh12345678abcd.example';
  expect(readAccessLine(line({ host })).host).toBe('(masked).example');
  expect(readExchangeLine(line({ host }), false)!.host).toBe(host);
  const found = 'block url raw 18eb7c84aec6f380 credential.github.token';
  expect(readExchangeLine(line({ host, found }), false)).not.toHaveProperty('host');
});

test('a line that is none of ours is no exchange', () => {
  expect(readExchangeLine('{"event":"exchange"', true)).toBeUndefined();
  expect(readExchangeLine('{"event":"unread"}', true)).toBeUndefined();
});
