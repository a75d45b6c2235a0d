// Which bodies the MCP listener takes for JSON-RPC, against JSON.parse: the filter's reader is strict and must neither
// refuse a message that a client may send nor take for one what a server would read differently.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { bodies, changedBodies, isMessage } from '../fuzz/json-rpc.ts';
import { bareRule, compileRules } from '../rules/table.ts';

const wasm = readFileSync(join(import.meta.dirname, '../../build/filter.wasm'));
const plugin = new Host(wasm).configure(compileRules([bareRule('\\bpenstock-[0-9]{8}\\b')]).table);

/** The reason why the filter refuses the body; undefined where it lets it through. */
function refusal(body: string | Uint8Array): string | undefined {
  const stream = plugin.stream({ properties: { 'xds\0filter_chain_name': 'mcp' } });
  stream.requestHeaders([
    [':method', 'POST'],
    [':path', '/'],
    [':authority', 'mcp.internal'],
    ['content-type', 'application/json'],
  ]);
  stream.requestBody(body, true);
  const answer = stream.localResponse;
  stream.done();
  if (!answer) return undefined;
  // An error for each id of a batch, or one for none.
  const [{ error }] = [JSON.parse(Buffer.from(answer.body).toString())].flat();
  expect([-32700, -32600]).toContain(error.code);
  return error.data.reason;
}

const isTaken = (body: string): boolean => refusal(body) === undefined;

test('a body is a message where JSON.parse and the protocol say so', { timeout: 60_000 }, () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(bodies, changedBodies), (text) => {
      // JSON.parse makes them infinite or 0.
      fc.pre(!/e[+-]?\d{3}/i.test(text));
      const expected = isMessage(text);
      expect(isTaken(text), text).toBe(expected);
      if (expected) taken++;
    }),
    { numRuns: 6000 },
  );
  expect(taken).toBeGreaterThan(1000);
});

test('limits of what is taken', () => {
  const nested = (depth: number) => `{"jsonrpc":"2.0","method":"m","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  expect([nested(63), nested(64)].map(refusal)).toEqual([undefined, 'mcp-too-deep']);
  const batch = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' })));
  expect([batch(64), batch(65)].map(refusal)).toEqual([undefined, 'mcp-too-many']);
  const keys = (count: number) =>
    `{"jsonrpc":"2.0","method":"m","params":{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join()}}}`;
  expect(refusal(keys(100_000))).toBe(undefined);
});

/** The params of a call, and the reason why it is refused. */
const refusals: [string, string][] = [
  ['{"a":1,"a":2}', 'mcp-duplicate-key'],
  ['{"a":[{"b":1,"c":{},"\\u0062":2}]}', 'mcp-duplicate-key'],
  ['{"name":"a","Name":"b"}', 'mcp-key-variant'],
  ['{"argument\u017f":{}}', 'mcp-key-variant'],
  ['{"\\u006eame":"a"}', 'mcp-key-variant'],
  ['{"a":1e309}', 'mcp-huge-number'],
  [`{"a":${'9'.repeat(101)}}`, 'mcp-huge-number'],
  ['{"a":"\\ud83d"}', 'mcp-lone-surrogate'],
  ['{"a":"\\udc00\\ud800"}', 'mcp-lone-surrogate'],
  ['{"a":"\\ud83d\\u0041"}', 'mcp-lone-surrogate'],
  ['{"a":1,}', 'mcp-not-json'],
  ["{'a':1}", 'mcp-not-json'],
  ['{"a":NaN}', 'mcp-not-json'],
];

test.each(refusals)('params %s: %s', (params, reason) => {
  expect(refusal(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`)).toBe(reason);
});

test('what is refused of a message itself', () => {
  expect(refusal('{"jsonrpc":"2.0","method":"ping"} {}')).toBe('mcp-trailing-data');
  expect(refusal('{"jsonrpc":"2.0","Method":"a","method":"ping"}')).toBe('mcp-key-variant');
  expect(refusal('{"jsonrpc":"2.0","\\u0069d":1,"id":2,"method":"ping"}')).toBe('mcp-duplicate-key');
  expect(refusal('{"jsonrpc":"2.0","id":1}')).toBe('mcp-not-json-rpc');
  expect(refusal('{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}')).toBe('mcp-not-json-rpc');
  const bytes = Buffer.from('{"jsonrpc":"2.0","method":"ping","params":{"a":"x"}}');
  for (const wrong of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x84]]) {
    const at = bytes.indexOf('x"');
    expect(refusal(Buffer.concat([bytes.subarray(0, at), Buffer.from(wrong), bytes.subarray(at)]))).toBe(
      'mcp-not-utf8',
    );
  }
  expect(refusal('{"jsonrpc":"2.0","method":"ping","params":{"a":"\\ud83d\\ude00 \u{1f600} ä"}}')).toBe(undefined);
});
