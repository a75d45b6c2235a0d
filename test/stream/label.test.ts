// The label of an answer does not depend on the form that it comes in: one JSON body, events cut anywhere, compressed, or
// the result of an MCP tool. Measured over the examples of all rules that speak of answers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import { type HeaderPairs, Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { compileRules } from '../rules/table.ts';

const rules = readRules();
const host = new Host(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')), { logLevel: 'info' });
const plugin = host.configure(compileRules(rules).table, { rootId: 'penstock' });

interface Form {
  chain: 'intercept' | 'mcp';
  headers: HeaderPairs;
  chunks: (text: string) => Uint8Array[];
}

const chat = (text: string) => JSON.stringify({ choices: [{ message: { content: text } }] });
const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

/** Pieces of one to seven characters, each time the same ones. */
function cut(text: string): string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < characters.length; turn++) {
    const length = 1 + ((turn * 5 + characters.length) % 7);
    pieces.push(characters.slice(at, at + length).join(''));
    at += length;
  }
  return pieces;
}

const forms: Record<string, Form> = {
  json: {
    chain: 'intercept',
    headers: [['content-type', 'application/json']],
    chunks: (text) => [Buffer.from(chat(text))],
  },
  events: {
    chain: 'intercept',
    headers: [['content-type', 'text/event-stream']],
    chunks: (text) => [...cut(text).map(delta), 'data: [DONE]\n\n'].map((event) => Buffer.from(event)),
  },
  compressed: {
    chain: 'intercept',
    headers: [
      ['content-type', 'application/json'],
      ['content-encoding', 'deflate'],
    ],
    chunks: (text) => [deflateSync(chat(text))],
  },
  mcp: {
    chain: 'mcp',
    headers: [['content-type', 'application/json']],
    chunks: (text) => [
      Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } })),
    ],
  },
};

/** block, warn, or nothing: the strongest that is said of the answer. */
function labelOf({ chain, headers, chunks }: Form, text: string): string {
  host.logs.length = 0;
  const stream = plugin.stream({
    properties: {
      'xds\0filter_chain_name': chain,
      ...(chain === 'intercept' && { 'filter_state\0penstock.tunnel': 'api.example.com:443 api.example.com' }),
    },
  });
  const isMcp = chain === 'mcp';
  stream.requestHeaders(
    [
      [':method', 'POST'],
      [':path', '/v1'],
      [':authority', 'api.example.com'],
    ],
    !isMcp,
  );
  if (isMcp) stream.requestBody('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}', true);
  const pieces = chunks(text);
  stream.responseHeaders([[':status', '200'], ...headers]);
  pieces.forEach((piece, i) => {
    if (!stream.localResponse) stream.responseBody(piece, i === pieces.length - 1);
  });
  stream.done();
  const verdicts = host.logs.flatMap(({ message }) => /"event":"finding","verdict":"(\w+)"/.exec(message)?.[1] ?? []);
  return verdicts.includes('block') ? 'block' : verdicts.includes('warn') ? 'warn' : 'nothing';
}

const texts = rules.flatMap(({ match }) => match).filter((text) => Buffer.byteLength(text) < 100_000);

test.each(['events', 'compressed', 'mcp'])(
  '%s: the label of one JSON body in 99 of 100',
  { timeout: 120_000 },
  (name) => {
    expect(texts.length).toBeGreaterThan(200);
    const others = texts.filter((text) => labelOf(forms[name]!, text) !== labelOf(forms.json!, text));
    const share = 1 - others.length / texts.length;
    console.log(`${name}: ${(share * 100).toFixed(2)} % of ${texts.length} texts have the label of one JSON body`);
    expect(share).toBeGreaterThanOrEqual(0.99);
  },
);
