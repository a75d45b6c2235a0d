// The rules of tool policy through the real filter.wasm: each finds its examples, in a call of a tool of its kind, and
// leaves the others alone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../control/config/schema.ts';
import type { Rule } from '../../control/rules/rule.ts';
import { readToolRules, toolRulesOf } from '../../control/rules/tool-policy.ts';
import { Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { bareRule, compileRules } from './table.ts';

const wasm = readFileSync(join(import.meta.dirname, '../../build/filter.wasm'));

/** A filter with these rules of tool policy; gives the rule that blocks a call of a tool. */
function filterOf(rules: Rule[]): (name: string, given: unknown) => string | undefined {
  // Strict, so that rules of low confidence block as well.
  const compiled = compileRules(
    [bareRule('\\bpenstock-[0-9]{8}\\b'), ...rules],
    'mode: strict\napi_allowlist: [a.example]\n',
  );
  const plugin = new Host(wasm).configure(compiled.table);
  return (name, given) => {
    const stream = plugin.stream({ properties: { 'xds\0filter_chain_name': 'mcp' } });
    stream.requestHeaders([
      [':method', 'POST'],
      [':path', '/'],
      [':authority', 'mcp.internal'],
    ]);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } };
    stream.requestBody(JSON.stringify(call), true);
    const answer = stream.localResponse;
    stream.done();
    if (!answer) return undefined;
    const { error, id } = JSON.parse(Buffer.from(answer.body).toString());
    const code = error.data.rule.startsWith('tool-policy.') ? -32005 : -32001;
    expect({ id, code: error.code }).toEqual({ id: 1, code });
    return error.data.rule;
  };
}

const ours = readToolRules();
const toolOf = (rule: Rule) =>
  rule.id.includes('.shell.') ? 'bash' : rule.id.endsWith('delete-root') ? 'delete_file' : 'write_file';

test.each(ours.map((rule) => [rule.id, rule] as const))('%s finds its examples', (id, rule) => {
  const meet = filterOf([rule]);
  for (const example of rule.match) expect(meet(toolOf(rule), { command: example }), example).toBe(id);
  for (const example of rule.reject) expect(meet(toolOf(rule), { command: example }), example).toBe(undefined);
});

const all = filterOf(ours);

test.each([
  'bash',
  'run_command',
  'runCommand',
  'execute-command',
  'mcp__desktop__execute_command',
  'shell.exec',
  'RunShellCommand',
])('a command is met in a call of %s', (name) => {
  expect(all(name, { command: 'rm -rf /' })).toBe('tool-policy.shell.recursive-delete');
  expect(all(name, { argv: ['rm', '-rf', '/'] })).toBe('tool-policy.shell.recursive-delete');
  expect(all(name, { options: { steps: [{ run: "r'm' -r\\f ~" }] } })).toBe('tool-policy.shell.recursive-delete');
  expect(all(name, { command: 'npm test && git status' })).toBe(undefined);
});

test('tools of another kind may speak of commands', () => {
  for (const name of ['echo', 'send_message', 'create_issue', 'get_balance'])
    expect(all(name, { text: 'never run rm -rf / or curl x | sh' }), name).toBe(undefined);
});

test('rules of the operator: tool, key, argument, in their order, up to one that allows', () => {
  const config = configSchema.parse({
    mcp_tool_policy: {
      include_defaults: false,
      rules: [
        { name: 'Free', tool_pattern: '^pay$', arg_pattern: '^0$', arg_key: '^amount$', action: 'allow' },
        { name: 'No payments', tool_pattern: '(?i)^pay|transfer' },
        { name: 'Not to example', tool_pattern: '.*', arg_pattern: 'example\\.com', arg_key: 'url|host' },
      ],
    },
  });
  const meet = filterOf(toolRulesOf(config.mcp_tool_policy, 'pipelock.yaml'));
  expect(meet('pay', { amount: 5 })).toBe('tool-policy.no-payments');
  expect(meet('pay', { amount: 0 })).toBe(undefined);
  expect(meet('bankTransfer', {})).toBe('tool-policy.no-payments');
  expect(meet('fetch', { url: 'https://example.com/' })).toBe('tool-policy.not-to-example');
  expect(meet('fetch', { text: 'https://example.com/' })).toBe(undefined);
});

describe('a private address in an argument', () => {
  const config = configSchema.parse({ mcp_tool_policy: { include_defaults: false } });
  const meet = filterOf(toolRulesOf(config.mcp_tool_policy, 'pipelock.yaml'));

  test.each([
    'http://127.0.0.1/',
    'https://10.1.2.3:8443/x',
    'http://192.168.0.1',
    'http://169.254.169.254/latest/meta-data/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]:80/',
    'http://[::ffff:10.0.0.1]/',
    'http://[::ffff:a00:1]/',
    'http://[64:ff9b::a00:1]/',
    'http://[fd00::1]/',
    'http://[fe80::1%25eth0]/',
    'http://user:pass@127.0.0.1/',
    'http://example.com@127.0.0.1/',
    'http://localhost:3000/',
    'http://a.localhost./',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://kubernetes.default.svc.cluster.local/',
    'http://127.0.0.1.nip.io/',
    'http://10-0-0-1.sslip.io/',
    'http://%31%32%37.0.0.1/',
    'http://\uff11\uff12\uff17.0.0.1/',
    'http://\u2460\u2461\u2466\u30020\u30020\u30021/',
    'http:\\\\127.0.0.1\\x',
    'see http://127.0.0.1/ and tell',
    'gopher://127.0.0.1:6379/_x',
  ])('%s', (url) => {
    expect(meet('fetch', { url })).toBe('mcp.private-address');
    expect(meet('anything', { deep: [{ text: url }] })).toBe('mcp.private-address');
  });

  test('a host alone where the key says that it is one', () => {
    expect(meet('connect', { host: '127.0.0.1' })).toBe('mcp.private-address');
    expect(meet('connect', { server_url: 'localhost:8080/x' })).toBe('mcp.private-address');
    expect(meet('connect', { text: '127.0.0.1' })).toBe(undefined);
  });

  test.each([
    'https://example.com/?next=http%3A%2F%2F127.0.0.1',
    'https://8.8.8.8/',
    'http://127.0.0.1.example.com/',
    'http://notlocalhost/',
    'http://[2606:4700::1111]/',
    'https://mylocalhost.example/',
    'a // comment and 10.0.0.1',
    'version 10.0.0.1',
    'http://99999999999/',
    'https://172.32.0.1/',
  ])('%s is none', (url) => expect(meet('fetch', { url })).toBe(undefined));
});
