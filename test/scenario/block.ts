import { expect } from 'vitest';
import type { Reply } from '../harness/client.ts';
import { fieldValue } from '../harness/field.ts';
import { holds } from '../harness/log.ts';

/** Request ids are made of these, and long enough not to collide. */
const requestId = /request [0-9A-Za-z_-]{6,}/;

/** Checks a block in the OpenAI error shape: it names the rule, or says in words what could not be read. `rule` may hold `*`. */
export function expectBlock(reply: Reply, rule: string): void {
  const text = reply.body.toString();
  expect(fieldValue(reply.fields, 'content-type'), text).toBe('application/json');
  const value = JSON.parse(text) as { error: { message: string; code: string } };
  const shape = { error: { message: '*', type: 'penstock_block', param: null, code: rule } };
  expect(holds(value, shape), `a block by ${rule}: ${text}`).toBe(true);
  if (value.error.code.includes('.')) expect(value.error.message).toContain(value.error.code);
  expect(value.error.message).toMatch(requestId);
}

/** Checks a block as a JSON-RPC error that answers `id`. `rule` may hold `*`. */
export function expectRpcBlock(reply: Reply, id: string | number | null, rule: string): void {
  expect(reply.status, reply.body.toString()).toBe(200);
  expectRpcError(JSON.parse(reply.body.toString()), id, rule);
}

/** Checks one JSON-RPC message that blocks the call `id`. */
export function expectRpcError(message: unknown, id: string | number | null, rule: string): void {
  const shape = { jsonrpc: '2.0', id, error: { code: -32001, message: '*', data: { rule, request: '*' } } };
  expect(
    holds(message, shape),
    `a JSON-RPC block of ${JSON.stringify(id)} by ${rule}: ${JSON.stringify(message)}`,
  ).toBe(true);
}
