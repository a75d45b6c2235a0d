// Which bodies the MCP listener takes for JSON-RPC, against JSON.parse: the filter's reader is strict and must neither
// refuse a message that a client may send nor take for one what a server would read differently.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { bareRule, compileRules } from '../rules/table.ts';

const wasm = readFileSync(join(import.meta.dirname, '../../build/filter.wasm'));
const plugin = new Host(wasm).configure(compileRules([bareRule('\\bpenstock-[0-9]{8}\\b')]).table);

/** Whether the filter lets the body through, or answers that it is no JSON-RPC. */
function isTaken(body: string): boolean {
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
  if (answer) expect(JSON.parse(Buffer.from(answer.body).toString()).error.code).toBe(-32700);
  return answer === undefined;
}

/** The same, said with JSON.parse. The generator makes no second id, no deep nesting and no large batch. */
function isMessage(body: string): boolean {
  const isOne = (value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    // An escape in a key of the message is refused; what the generator can make of one is one of these.
    if (Object.keys(value).some((key) => /["\\\p{Cc}]/u.test(key))) return false;
    const { jsonrpc, id } = value as Record<string, unknown>;
    return jsonrpc === '2.0' && (id === undefined || id === null || ['string', 'number'].includes(typeof id));
  };
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value.length > 0 && value.every(isOne) : isOne(value);
  } catch {
    return false;
  }
}

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.constant(null), fc.boolean(), fc.constant([1]));
const message = fc
  .record(
    {
      jsonrpc: fc.constantFrom('2.0', '2.0', '2.0', '1.0'),
      id,
      method: fc.string(),
      params: fc.jsonValue({ maxDepth: 4 }),
    },
    { requiredKeys: ['jsonrpc'] },
  )
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)));
const body = fc.oneof(
  { weight: 4, arbitrary: message },
  { weight: 2, arbitrary: fc.array(message, { maxLength: 4 }).map((all) => `[${all.join(' ,\n')}]`) },
  { weight: 1, arbitrary: fc.json() },
);
/** A text with one character put in, taken out or replaced. */
const changed = fc
  .tuple(
    body,
    fc.nat(),
    fc.constantFrom(0, 1),
    fc.constantFrom(
      '',
      '',
      ' ',
      '"',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      '\\',
      '0',
      '-',
      '.',
      'e',
      '\t',
      '\u0001',
      'u',
      '\ufeff',
    ),
  )
  .map(([text, at, taken, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + taken);
  });

test('a body is a message where JSON.parse and the protocol say so', { timeout: 60_000 }, () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(body, changed), (text) => {
      const expected = isMessage(text);
      expect(isTaken(text), text).toBe(expected);
      if (expected) taken++;
    }),
    { numRuns: 6000 },
  );
  expect(taken).toBeGreaterThan(1000);
});

test('limits of what is taken', () => {
  const nested = (depth: number) => `{"jsonrpc":"2.0","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  expect([nested(64), nested(65)].map(isTaken)).toEqual([true, false]);
  const batch = (count: number) => JSON.stringify(Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id })));
  expect([batch(64), batch(65)].map(isTaken)).toEqual([true, false]);
  expect(['{"jsonrpc":"2.0","id":1,"id":1}', '{"jsonrpc":"2.0","\\u0069d":1,"id":2}'].map(isTaken)).toEqual([
    false,
    false,
  ]);
});
