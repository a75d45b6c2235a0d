import { describe, expect, test } from 'vitest';
import { hostText, type LogEvent, readAccessLine, readEnvoyLine } from './event.ts';
import { formatEvent, openLog } from './log.ts';

const noon = new Date(2026, 0, 2, 12, 3, 41);

/** A line of Envoy's stderr as envoyLogFormat makes it. */
function envoyLine(level: string, logger: string, message: string): string {
  return JSON.stringify({ level, logger, message });
}

function text(event: LogEvent | undefined): string {
  return formatEvent(event!, noon);
}

describe('findings of the filter', () => {
  const finding = {
    event: 'finding', verdict: 'block', rule: 'credential.github.personal-token', surface: 'request-body',
    view: 'json+base64', offset: 123, host: 'api.openai.com', method: 'POST', request: '5f3c', client: '127.0.0.1',
  }; // biome-ignore format: one object, one look
  const line = envoyLine('info', 'wasm', `wasm log penstock penstock penstock: ${JSON.stringify(finding)}`);

  test('become one readable line', () => {
    expect(text(readEnvoyLine(line))).toBe(
      '12:03:41 blocked  credential.github.personal-token in the request body (json+base64, byte 123) to POST api.openai.com from 127.0.0.1, request 5f3c',
    );
  });

  test('become one JSON line with the same fields', async () => {
    const lines: string[] = [];
    const log = await openLog('json', (written) => lines.push(written));
    log(readEnvoyLine(line)!);
    const { time, ...rest } = JSON.parse(lines.join(''));
    expect(rest).toEqual({ level: 'warn', ...finding });
    expect(new Date(time).getTime()).toBeGreaterThan(0);
  });

  test('carry nothing but the known fields', () => {
    const said = JSON.stringify({ event: 'finding', rule: 'a.b', matched: 'the bytes', verdict: 'warn' });
    const event = readEnvoyLine(envoyLine('info', 'wasm', `wasm log penstock: ${said}`));
    expect(event).toEqual({ level: 'warn', event: 'finding', rule: 'a.b', verdict: 'warn' });
  });

  test('that could not be read say why', () => {
    const said = JSON.stringify({
      event: 'unreadable',
      verdict: 'block',
      reason: 'request-too-large',
      host: 'a.example',
      method: 'PUT',
    });
    expect(text(readEnvoyLine(envoyLine('info', 'wasm', `wasm log penstock: ${said}`)))).toBe(
      '12:03:41 blocked  cannot be read: request-too-large to PUT a.example',
    );
  });
});

describe('lines of Envoy', () => {
  test('below warning are dropped, others passed on', () => {
    expect(readEnvoyLine(envoyLine('info', 'main', 'starting'))).toBeUndefined();
    expect(readEnvoyLine(envoyLine('info', 'wasm', 'wasm log penstock: not JSON'))).toBeUndefined();
    expect(text(readEnvoyLine(envoyLine('critical', 'main', 'no such file\n')))).toBe(
      '12:03:41 error    envoy: no such file',
    );
  });

  test('that are no JSON are passed on, escaped', () => {
    expect(text(readEnvoyLine('\u001b[31mpanic\u009b at \u202e…'))).toBe(
      '12:03:41 warn     envoy: \\u{1b}[31mpanic\\u{9b} at \\u{202e}…',
    );
  });

  test('are bounded', () => {
    expect(text(readEnvoyLine('x'.repeat(100_000))).length).toBeLessThan(1_100);
    expect(
      String(readAccessLine(JSON.stringify({ event: 'refused', host: 'h'.repeat(5_000) })).host).length,
    ).toBeLessThan(400);
  });
});

describe('the access log', () => {
  const exchange = {
    host: 'a.example:443',
    method: 'CONNECT',
    client: '10.0.0.7',
    status: 403,
    flags: '-',
    reason: '-',
  };

  test.for([
    [
      'refused',
      { details: 'rbac_access_denied_matched_policy[destination-blocked]' },
      '12:03:41 refused  rbac_access_denied_matched_policy[destination-blocked] to CONNECT a.example:443 from 10.0.0.7, status 403',
    ],
    [
      'unread',
      { details: 'via_upstream', status: 200 },
      '12:03:41 unread   passed without being read to CONNECT a.example:443 from 10.0.0.7, status 200',
    ],
    [
      'upstream-failure',
      { reason: 'CERTIFICATE_VERIFY_FAILED', status: 502 },
      '12:03:41 failed   no answer from upstream: CERTIFICATE_VERIFY_FAILED to CONNECT a.example:443 from 10.0.0.7, status 502',
    ],
    [
      'handshake-failure',
      { reason: 'TLSV1_ALERT_UNKNOWN_CA', status: 0 },
      '12:03:41 failed   TLS handshake with the client: TLSV1_ALERT_UNKNOWN_CA to CONNECT a.example:443 from 10.0.0.7',
    ],
  ] as const)('%s', ([event, fields, expected]) => {
    expect(text(readAccessLine(JSON.stringify({ event, ...exchange, ...fields })))).toBe(expected);
  });
});

test('a host name that may hold a secret is masked in the log', () => {
  expect(hostText('api.openai.com:443')).toBe('api.openai.com:443');
  expect(hostText('my-resource-2024.openai.azure.com')).toBe('my-resource-2024.openai.azure.com');
  expect(hostText('[::1]:8443')).toBe('[::1]:8443');
  expect(hostText(`${['AKIA', 'IOSFODNN7Q3XMPL7'].join('')}.evil.example:443`)).toBe('(masked).evil.example:443');
  expect(hostText(`${['4111', '111111111111'].join('')}.evil.example`)).toBe('(masked).evil.example');
  expect(hostText('user:word@evil.example')).toBe('(no host name)');
});
