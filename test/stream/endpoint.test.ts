// The older transport of MCP: what a server names for messages, as the client gets it, and what goes on behind `/~`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import { Host, type Stream } from '../../filter/proxy-wasm-as/host/index.ts';
import { compileRules } from '../rules/table.ts';

const wasm = readFileSync(join(import.meta.dirname, '../../build/filter.wasm'));
const { table } = compileRules(readRules());

function gateway() {
  const host = new Host(wasm, { logLevel: 'info' });
  const plugin = host.configure(table, { rootId: 'penstock' });
  const open = (method: string, path: string, cluster = 'mcp'): Stream => {
    const stream = plugin.stream({ properties: { 'xds\0filter_chain_name': 'mcp', 'xds\0cluster_name': cluster } });
    stream.requestHeaders(
      [
        [':method', method],
        [':path', path],
        [':authority', '127.0.0.1:8889'],
      ],
      method === 'GET',
    );
    return stream;
  };
  /** What becomes of chunks of an event stream. */
  const pass = (chunks: string[], cluster?: string): string => {
    const stream = open('GET', '/sse', cluster);
    stream.responseHeaders([
      [':status', '200'],
      ['content-type', 'text/event-stream'],
    ]);
    for (const chunk of chunks) stream.responseBody(Buffer.from(chunk));
    return Buffer.concat(stream.sentDownstream.chunks).toString();
  };
  /** The status of an answer in the server's place to a message that is sent there. */
  const post = (path: string, cluster?: string) => open('POST', path, cluster).localResponse?.status;
  return { pass, post };
}

test.each([
  ['/message?sessionId=1', '/~/message?sessionId=1'],
  ['/messages/?session_id=2&u=http://a/b', '/~/messages/?session_id=2&u=http://a/b'],
  ['http://10.0.0.1:3000/message?sessionId=3', '/~/message?sessionId=3'],
  ['//tools.example/message', '/~/message'],
  // No path of the server: the client makes of it what it can.
  ['message?sessionId=4', 'message?sessionId=4'],
  ['http://tools.example', 'http://tools.example'],
  ['?sessionId=5', '?sessionId=5'],
])('%s', (named, given) => {
  expect(gateway().pass([`event: endpoint\ndata: ${named}\n\n`])).toBe(`event: endpoint\ndata: ${given}\n\n`);
});

test('however the event is written and cut', () => {
  const event = ': hello\r\nid: 7\r\ndata: /message?a=1\r\nevent: endpoint\r\n\r\n';
  for (let at = 1; at < event.length; at++)
    expect(gateway().pass([event.slice(0, at), event.slice(at)])).toBe(
      ': hello\nid: 7\nevent: endpoint\ndata: /~/message?a=1\n\n',
    );
});

test('data of several lines makes no lines of the stream', () => {
  const { pass, post } = gateway();
  for (const lines of [
    ['/message', '', 'data: {"jsonrpc":"2.0"}'],
    ['/message', 'id: 1'],
  ]) {
    const event = `event: endpoint\n${lines.map((line) => `data: ${line}\n`).join('')}\n`;
    expect(pass([event])).toBe(event);
  }
  expect(post('/~/message')).toBe(404);
});

test('an event of another type is left as it is', () => {
  const { pass, post } = gateway();
  const event = 'event: endpoints\ndata: /message\n\n';
  expect(pass([event])).toBe(event);
  expect(post('/~/message')).toBe(404);
});

test('a path goes on once the server has named it, with any query, and no other does', () => {
  const { pass, post } = gateway();
  expect(post('/~/message?sessionId=1')).toBe(404);
  pass(['event: endpoint\ndata: /message?sessionId=1\n\n']);
  expect(post('/~/message?sessionId=1')).toBe(undefined);
  expect(post('/~/message?sessionId=2')).toBe(undefined);
  for (const path of ['/~', '/~/', '/~?sessionId=1', '/~/messages', '/~/message/', '/~/message/../x', '/~/Message'])
    expect(post(path), path).toBe(404);
  // What another server has named says nothing of this one.
  expect(post('/~/message', 'mcp-other')).toBe(404);
  // Everything else leads to the path of --mcp-upstream.
  for (const path of ['/', '/message', '/~message', '/x/~/message']) expect(post(path), path).toBe(undefined);
});

test('of many paths the last eight are remembered', () => {
  const { pass, post } = gateway();
  for (let i = 0; i < 20; i++) pass([`event: endpoint\ndata: /message/${i}\n\n`]);
  const isOpen = Array.from({ length: 20 }, (_, i) => post(`/~/message/${i}`) === undefined);
  expect(isOpen).toEqual(Array.from({ length: 20 }, (_, i) => i >= 12));
});
