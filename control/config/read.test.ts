import fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemCodes } from './complaint.ts';
import { ConfigError, formatNotice, formatProblem, type Problem } from './problem.ts';
import { readConfig } from './read.ts';

function problemsOf(text: string, place = 'pipelock.yaml'): Problem[] {
  try {
    readConfig(text, place);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

const shown = (text: string) => problemsOf(text).map(formatProblem).join('\n');

test('a wrong value is shown with its line and a caret under it', () => {
  expect(shown('mode: balanced\nrequest_body_scanning:\n  action: deny # no\n')).toBe(
    [
      'pipelock.yaml:3:11: request_body_scanning.action: "deny" is not an action; write warn or block',
      '    action: deny # no',
      '            ^^^^',
    ].join('\n'),
  );
});

test('an unknown key is shown with a caret under the key', () => {
  expect(shown('request_body_scanning:\r\n\r\n    max_body_byte: 5\r\n')).toBe(
    [
      'pipelock.yaml:3:5: request_body_scanning.max_body_byte: unknown key; did you mean max_body_bytes?',
      '      max_body_byte: 5',
      '      ^^^^^^^^^^^^^',
    ].join('\n'),
  );
});

test('an entry of a list has its index', () => {
  expect(shown('\uFEFFtrusted_domains:\n  - a.example\n  - "*"\n')).toBe(
    [
      'pipelock.yaml:3:5: trusted_domains[1]: "*" would match every host; name a domain, such as *.example.com',
      '    - "*"',
      '      ^^^',
    ].join('\n'),
  );
});

test('a long line is cut around the caret', () => {
  const [head, source, carets] = shown(`api_allowlist: [${'a.example, '.repeat(40)}'*', b.example]`).split('\n');
  expect(head).toMatch(/^pipelock\.yaml:1:457: api_allowlist\[40\]: /);
  expect(source!.length).toBeLessThan(100);
  expect(source!.slice(carets!.indexOf('^'), carets!.lastIndexOf('^') + 1)).toBe("'*'");
});

test('tabs before the value stay tabs under it, and control characters do not reach the terminal', () => {
  expect(shown('mode:\t"a\\eb"\t# \u001b[31m')).toBe(
    [
      'pipelock.yaml:1:7: mode: "a\\u001bb" is not a mode; write strict, balanced or audit',
      '  mode:\t"a\\eb"\t# \uFFFD[31m',
      '       \t^^^^^^',
    ].join('\n'),
  );
});

const manyAliases = `x: &x [1]\napi_allowlist: [${Array(101).fill('*x').join(', ')}]`;
const codes: [code: string, text: string, line: number, column: number, key: string][] = [
  ['allowlist-needed', 'version: 1\nmode: strict', 2, 7, 'api_allowlist'],
  ['allowlist-needed', 'mode: strict\napi_allowlist: []', 2, 16, 'api_allowlist'],
  ['bad-address', 'metrics_listen: nine', 1, 17, 'metrics_listen'],
  ['bad-address', 'metrics_listen: ":99999"', 1, 17, 'metrics_listen'],
  ['bad-cidr', 'internal: [10/8]', 1, 12, 'internal[0]'],
  ['bad-duration', 'tls_interception: {cert_ttl: 5 days}', 1, 30, 'tls_interception.cert_ttl'],
  [
    'bad-header-name',
    'request_body_scanning: {ignore_headers: ["a b"]}',
    1,
    42,
    'request_body_scanning.ignore_headers[0]',
  ],
  ['bad-host-pattern', 'fetch_proxy: {monitoring: {blocklist: [""]}}', 1, 40, 'fetch_proxy.monitoring.blocklist[0]'],
  ['bad-host-pattern', 'trusted_domains: ["*"]', 1, 19, 'trusted_domains[0]'],
  ['bad-url', 'reverse_proxy: {upstream: "ftp://a"}', 1, 27, 'reverse_proxy.upstream'],
  ['duplicate-key', 'mode: audit\nmode: strict', 2, 1, 'mode'],
  ['directory-needed', 'flight_recorder: {require_receipts: true}', 1, 37, 'flight_recorder.require_receipts'],
  ['file-needed', 'logging: {output: file}', 1, 19, 'logging.output'],
  ['key-pair-needed', 'tls_interception: {ca_cert: a.pem}', 1, 20, 'tls_interception.ca_cert'],
  ['key-pair-needed', 'tls_interception: {ca_key: a.pem}', 1, 20, 'tls_interception.ca_key'],
  ['missing-key', 'suppress: [{rule: r}]', 1, 12, 'suppress[0].path'],
  ['not-a-mapping', '- mode', 1, 1, ''],
  ['not-a-mapping', 'balanced', 1, 1, ''],
  ['not-allowed', 'mode: loud', 1, 7, 'mode'],
  ['not-allowed', 'version: 2', 1, 10, 'version'],
  [
    'bad-regex',
    'mcp_tool_policy: {rules: [{name: n, tool_pattern: "("}]}',
    1,
    51,
    'mcp_tool_policy.rules[0].tool_pattern',
  ],
  ['not-allowed', 'dlp: {action: block}', 1, 7, 'dlp.action'],
  ['not-allowed', 'request_body_scanning: {header_mode: some}', 1, 38, 'request_body_scanning.header_mode'],
  ['not-allowed', 'response_scanning: {action: ask}', 1, 29, 'response_scanning.action'],
  ['not-allowed', 'response_scanning: {action: deny}', 1, 29, 'response_scanning.action'],
  ['not-allowed', 'mcp_input_scanning: {on_parse_error: warn}', 1, 38, 'mcp_input_scanning.on_parse_error'],
  ['not-honoured', 'reverse_proxy: {enabled: true}', 1, 26, 'reverse_proxy.enabled'],
  ['out-of-range', 'forward_proxy: {max_tunnel_seconds: 0}', 1, 37, 'forward_proxy.max_tunnel_seconds'],
  ['out-of-range', 'forward_proxy: {idle_timeout_seconds: -1}', 1, 39, 'forward_proxy.idle_timeout_seconds'],
  [
    'out-of-range',
    'request_body_scanning: {max_body_bytes: 99999999999}',
    1,
    41,
    'request_body_scanning.max_body_bytes',
  ],
  ['out-of-range', 'tls_interception: {cert_ttl: 1s}', 1, 30, 'tls_interception.cert_ttl'],
  ['out-of-range', 'suppress: [{rule: "", path: x}]', 1, 19, 'suppress[0].rule'],
  ['several-documents', 'mode: audit\n---\nmode: strict', 2, 1, ''],
  ['too-deep', `mode: ${'['.repeat(60)}${']'.repeat(60)}`, 1, 47, ''],
  ['too-deep', '['.repeat(100_000), 1, 1, ''],
  ['too-large', `# ${'x'.repeat(1_048_576)}`, 1, 1, ''],
  ['too-large', `internal: [${'1,'.repeat(100_001)}]`, 1, 200_008, 'internal[99998]'],
  ['too-many-aliases', manyAliases, 2, 417, 'api_allowlist[100]'],
  ['too-many-aliases', 'agents: &a {b: *a}', 1, 16, 'agents.b'],
  [
    'tool-scanning-needed',
    'mcp_session_binding: {enabled: true}\nmcp_tool_scanning: {enabled: false}',
    1,
    32,
    'mcp_session_binding.enabled',
  ],
  ['profiling-needed', 'adaptive_enforcement: {enabled: true}', 1, 33, 'adaptive_enforcement.enabled'],
  [
    'not-allowed',
    "adaptive_enforcement: {levels: {high: {upgrade_warn: ''}}}",
    1,
    54,
    'adaptive_enforcement.levels.high.upgrade_warn',
  ],
  ['unknown-key', 'modes: audit', 1, 1, 'modes'],
  ['unknown-key', '__proto__: {mode: audit}', 1, 1, ''],
  ['unknown-key', 'constructor: 1', 1, 1, 'constructor'],
  ['unknown-key', '? [a, b]\n: 1', 1, 3, ''],
  ['unknown-key', 'mode: audit\ncolour:', 2, 1, 'colour'],
  ['wrong-type', 'enforce: yes', 1, 10, 'enforce'],
  ['wrong-type', 'version: "1"', 1, 10, 'version'],
  ['wrong-type', 'forward_proxy: on', 1, 16, 'forward_proxy'],
  ['wrong-type', 'trusted_domains: a.example', 1, 18, 'trusted_domains'],
  ['wrong-type', 'trusted_domains: [~]', 1, 19, 'trusted_domains[0]'],
  ['wrong-type', 'request_body_scanning: {max_body_bytes: 1.5}', 1, 41, 'request_body_scanning.max_body_bytes'],
  ['wrong-type', 'mode: {a: 1}', 1, 1, 'mode'],
  ['wrong-type', '<<: 5', 1, 5, ''],
  ['wrong-type', 'mode: !!binary aGk=', 1, 16, 'mode'],
  ['wrong-type', '!!binary aGk=', 1, 10, ''],
  ['yaml-syntax', 'mode: audit\n\tenforce: true', 2, 1, ''],
  ['yaml-syntax', 'mode: "audit', 1, 13, ''],
  ['yaml-syntax', 'mode: *nothing', 1, 7, 'mode'],
  ['yaml-syntax', 'mode: !odd audit', 1, 7, ''],
];

// Some texts are a megabyte long, and test names are printed.
const named = codes.map(([code, text, ...rest]) => [`${code}: ${text.slice(0, 60)}`, code, text, ...rest] as const);
test.each(named)('%s', (_, code, text, line, column, key) => {
  const found = problemsOf(text);
  expect(found.map((problem) => [problem.code, problem.line, problem.column, problem.key])).toContainEqual([
    code,
    line,
    column,
    key,
  ]);
  for (const problem of found) {
    expect(problem.message).toMatch(/^[^A-Z]/);
    expect(`${problem.message}${problem.remedy}`).not.toMatch(/\.$|\n/);
    expect(problem.remedy).not.toBe('');
  }
});

test('each code is provoked above', () => {
  const provoked = new Set(codes.map(([code]) => code));
  // What a check says beside the form is tested with the check; of Helm values, by test/chart/refusals.yaml.
  const elsewhere = ['bad-secrets-file', 'bad-token-file', 'duplicate-name', 'unguarded-assistant', 'values-conflict'];
  expect(problemCodes.filter((code) => !provoked.has(code))).toEqual(elsewhere);
});

test('all problems come at once, in the order of the file', () => {
  const text = `
mode: strict
request_body_scanning:
  action: deny
  max_body_byte: 12
  max_body_bytes: 0
forward_proxy: {enabled: maybe, enabled: true}
tls_interception: {ca_cert: x, cert_ttl: soon}
reverse_proxy: {enabled: true}
suppress: [{rule: a, path: b}, {rule: a}]
internal: [10.0.0.0/8, 10.0.0.1]
`;
  const found = problemsOf(text).map(({ line, code, key }) => `${line} ${code} ${key}`);
  expect(found).toEqual([
    '2 allowlist-needed api_allowlist',
    '4 not-allowed request_body_scanning.action',
    '5 unknown-key request_body_scanning.max_body_byte',
    '6 out-of-range request_body_scanning.max_body_bytes',
    '7 wrong-type forward_proxy.enabled',
    '7 duplicate-key forward_proxy.enabled',
    '8 key-pair-needed tls_interception.ca_cert',
    '8 bad-duration tls_interception.cert_ttl',
    '9 not-honoured reverse_proxy.enabled',
    '10 missing-key suppress[1].path',
    '11 bad-cidr internal[1]',
  ]);
  expect(() => readConfig(text, 'pipelock.yaml')).toThrow(/^pipelock\.yaml:2:7: .*pipelock\.yaml:11:24: /s);
});

test('a key that is wrong by itself takes part in no check between keys', () => {
  expect(problemsOf('mode: strict\napi_allowlist: ["*"]').map(({ code }) => code)).toEqual(['bad-host-pattern']);
});

test('a strict file without an allowlist is told which hosts it names already', () => {
  const sections = 'trusted_domains: ["*.corp.example"]\ntls_interception: { passthrough_domains: [bank.example] }';
  expect(problemsOf(`mode: strict\n${sections}`).map(({ remedy }) => remedy)).toEqual([
    'add the hosts that the assistant calls, of those that this file names, ["*.corp.example", "bank.example"]',
  ]);
});

test.each(['', '\n', '# nothing\n', '---\n', '{}', 'null', '\uFEFF'])('%j is an empty file', (text) => {
  expect(readConfig(text, 'p.yaml')).toEqual(readConfig('version: 1', 'p.yaml'));
});

test('a key without a value is left out', () => {
  const { config } = readConfig('mode:\ntls_interception:\n  cert_ttl: ~\ninternal: null\n', 'p.yaml');
  expect(config).toEqual(readConfig('', 'p.yaml').config);
});

test('one notice when the file leaves interception out', () => {
  expect(readConfig('mode: audit\ntls_interception: {cert_ttl: 1h}', 'p.yaml').notices.map(formatNotice)).toEqual([
    'p.yaml:2:1: tls_interception.enabled: left out, so it is off and https bodies are not read; write true to have them read',
  ]);
  expect(readConfig('tls_interception: {enabled: false}', 'p.yaml').notices).toEqual([]);
});

test('anchors, aliases and merges are read as YAML has them', () => {
  const text = `
api_allowlist: &hosts [a.example]
trusted_domains: *hosts
forward_proxy: &limits { enabled: true, idle_timeout_seconds: 7 }
request_body_scanning:
  <<: [{ action: warn, max_body_bytes: 5 }, { max_body_bytes: 6 }]
  action: block
`;
  const { config } = readConfig(text, 'p.yaml');
  expect(config.trusted_domains).toEqual(['a.example']);
  expect(config.request_body_scanning).toMatchObject({ action: 'block', max_body_bytes: 5 });
  expect(problemsOf('a: &a 5\nmode: *a').map(({ line, column, key }) => [line, column, key])).toContainEqual([
    2,
    7,
    'mode',
  ]);
});

test('aliases upon aliases end soon', () => {
  const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 12; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  expect(problemsOf(bomb.join('\n')).map(({ code }) => code)).toContain('too-many-aliases');
});

test('paths start at the folder of the configuration', () => {
  const text = `
tls_interception: {ca_cert: ca.crt, ca_key: ../keys/ca.key, upstream_ca_file: /etc/roots.pem}
dlp: {secrets_file: ''}
`;
  const { config } = readConfig(text, '/etc/pipelock/pipelock.yaml');
  expect(config.tls_interception).toMatchObject({
    ca_cert: '/etc/pipelock/ca.crt',
    ca_key: '/etc/keys/ca.key',
    upstream_ca_file: '/etc/roots.pem',
  });
  expect(config.dlp.secrets_file).toBe('');
});

test.each([
  ['kill_switch: {api_listen: nope, api_token: %}'],
  ['emit: {webhook: {url: "ftp://%"}}'],
  ['emit: {otlp: {headers: {authorization: [%]}}}'],
  ['scan_api:\n  listen: 9\n  auth:\n    bearer_tokens:\n      - % \n      - [%]\n'],
  ['sentry: {dsn: [%]}'],
  ['license_key: %'],
  ['license_ky: %'],
  ['kill_switch:\n  api_tokn: %'],
  ['kill_switch:\n  api_token: "%'],
  ['kill_switch: {api_token: a, api_token: %}'],
])('no problem shows the secret of %j', (text) => {
  const secret = ['hunter', '2hunter2'].join('');
  const found = shown(text.replaceAll('%', secret));
  expect(found).not.toBe('');
  expect(found).not.toContain(secret);
});

const word = fc.constantFrom(
  'mode',
  'dlp',
  'agents',
  'emit',
  'enabled',
  'rules',
  'patterns',
  'internal',
  'strict',
  'true',
  '5',
  '24h',
  '~',
  '<<',
  '*a',
  '&a',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '\n',
  '\n  ',
  '"',
  "'",
  '|',
  '>',
  '#',
  '---\n',
  '!!str ',
  '? ',
  ',',
  '\t',
  '\u0000',
  'é',
  '__proto__',
  'toString',
);

test('no text makes it throw anything but ConfigError', () => {
  const anyText = fc.oneof(
    fc.string({ maxLength: 200, unit: 'binary' }),
    fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
    fc.json({ maxDepth: 6 }),
    fc
      .dictionary(word, fc.dictionary(word, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }), { maxKeys: 6 })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      for (const problem of problemsOf(text)) {
        expect(problem.line).toBeGreaterThan(0);
        expect(problem.column).toBeGreaterThan(0);
        expect(formatProblem(problem).split('\n')).toHaveLength(3);
      }
    }),
    { numRuns: 2000 },
  );
});
