/** `penstock trace`: one message through the real filter in the host emulator, and what each stage said of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type HeaderPairs, Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { compile } from '../compile/compile.ts';
import { buildPolicy } from '../policy/build.ts';
import { load } from './load.ts';
import { StartError } from './options.ts';

/** An exchange to trace, read from a Markdown file (test/stream/README.md has the format). */
export interface TraceCase {
  /** pipelock.yaml of the case. */
  config: string;
  /** Name of the filter chain it comes in by: egress, intercept or mcp. */
  chain: string;
  /** Authority of the CONNECT request and TLS server name; undefined where they are those of the request. */
  connect: string | undefined;
  serverName: string | undefined;
  request: Message;
  response: Message | undefined;
  /** What control says of the tools of a list, in their order: filter/table/layout.ts, PIN_*. Left out: it sees them first. */
  pins: string[] | undefined;
  /** The log that the file expects; undefined where it has none. */
  log: string | undefined;
}

export interface Message {
  headers: HeaderPairs;
  body: string;
  /** undefined where the last part of the body is the end. */
  trailers: HeaderPairs | undefined;
}

/** Where a body is cut into chunks: offsets in rising order. */
export type Cuts = readonly number[];

const wasmFile = join(import.meta.dirname, '../../build/filter.wasm');

/** The stage log of the message in the Markdown text `text`. Throws StartError where the text is no case. */
export async function traceMessage(text: string, place: string): Promise<string> {
  return traceCase(parseCase(text, place), [], []);
}

/** Reads a case. Throws StartError with what is missing. */
export function parseCase(text: string, place: string): TraceCase {
  const request = section(text, 'request');
  if (request === undefined)
    throw new StartError([`${place}: request: no such section; write "## request" and a fenced HTTP message`]);
  const response = section(text, 'response');
  const setting = (name: string) =>
    new RegExp(`^${name}: (\\S+)$`, 'm').exec(text.slice(0, text.indexOf('\n## ')))?.[1];
  return {
    config: section(text, 'configuration') ?? 'mode: balanced\n',
    chain: setting('chain') ?? 'intercept',
    connect: setting('connect'),
    serverName: setting('server name'),
    request: { ...parseRequest(putTogether(request), place), trailers: trailers(text, 'request trailers') },
    response:
      response === undefined
        ? undefined
        : { ...parseResponse(putTogether(response), place), trailers: trailers(text, 'response trailers') },
    pins: setting('pins')?.split(','),
    log: section(text, 'log'),
  };
}

function trailers(text: string, name: string): HeaderPairs | undefined {
  const lines = section(text, name);
  return lines === undefined ? undefined : parseHeaders(putTogether(lines).trimEnd().split('\n'));
}

/** The text of the fence under a heading of the second level. */
function section(text: string, name: string): string | undefined {
  return new RegExp(`^## ${name}\\n\\n\`\`\`\\w*\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1];
}

/**
 * Puts together what stands in parts, `{{ghp_|16C7}}`; writes it in the encodings asked for, outermost first,
 * `{{base64+json ghp_|16C7}}`; and repeats it, `{{300* some words }}`.
 */
function putTogether(text: string): string {
  return text.replace(written, (_, names: string | undefined, times: string | undefined, parts: string) => {
    const joined = parts.split('|').join('');
    if (times !== undefined) return joined.repeat(Number(times));
    const inwards = (names?.split('+') ?? []).reverse();
    return inwards.reduce((inner, name) => (encodings[name] as (text: string) => string)(inner), joined);
  });
}

const written =
  /\{\{(?:((?:(?:json|percent|base64url|base64|hex|entity|gzip|utf16|spaced)\+?)+) |(\d+)\*)?([^}]*)\}\}/g;

const encodings: Record<string, (text: string) => string> = {
  json: (text) => text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  percent: (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  entity: (text) => [...text].map((character) => `&#${character.codePointAt(0)};`).join(''),
  // A gzip header names no time here, so that the bytes are the same each time.
  gzip: (text) => gzipSync(text).toString('base64'),
  utf16: (text) => Buffer.from(text, 'utf16le').toString('latin1'),
  spaced: (text) => [...text].join(' '),
};

function parseRequest(text: string, place: string): Omit<Message, 'trailers'> {
  const { first, headers, body } = parseMessage(text);
  const [method, path] = first.split(' ');
  const host = headers.find(([name]) => name === 'host')?.[1];
  if (method === undefined || path === undefined || host === undefined)
    throw new StartError([`${place}: request: begin with a line such as "POST /path HTTP/1.1" and a host header`]);
  const rest = headers.filter(([name]) => name !== 'host');
  return { headers: [[':method', method], [':path', path], [':authority', host], [':scheme', 'https'], ...rest], body };
}

function parseResponse(text: string, place: string): Omit<Message, 'trailers'> {
  const { first, headers, body } = parseMessage(text);
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw new StartError([`${place}: response: begin with a line such as "HTTP/1.1 200 OK"`]);
  return { headers: [[':status', status], ...headers], body };
}

function parseMessage(text: string): { first: string; headers: [string, string][]; body: string } {
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = (end < 0 ? text.trimEnd() : text.slice(0, end)).split('\n');
  // The last end of line belongs to the fence.
  return { first, headers: parseHeaders(lines), body: end < 0 ? '' : text.slice(end + 2).replace(/\n$/, '') };
}

function parseHeaders(lines: string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}

const tables = new Map<string, Uint8Array>();
let filter: WebAssembly.Module | undefined;

function tableOf(config: string): Uint8Array {
  const known = tables.get(config);
  if (known) return known;
  const loaded = load(config, 'pipelock.yaml', {});
  const policy = buildPolicy(loaded.config, loaded.rules, {
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    mcpUpstream: undefined,
    upstreamCaFile: '',
  });
  const { table } = compile(loaded.rules, policy);
  tables.set(config, table);
  return table;
}

/** Runs a case, its bodies cut at the given offsets, and gives the stage log. */
export function traceCase(traced: TraceCase, requestCuts: Cuts, responseCuts: Cuts): string {
  filter ??= new WebAssembly.Module(readFileSync(wasmFile));
  const host = new Host(filter, { vmId: 'penstock', logLevel: 'trace', nowNanoseconds: () => 1n });
  const plugin = host.configure(tableOf(traced.config), { rootId: 'penstock' });
  const authority = traced.request.headers.find(([name]) => name === ':authority')?.[1] ?? '';
  const connect = traced.connect ?? (authority.includes(':') ? authority : `${authority}:443`);
  const serverName = traced.serverName ?? authority.replace(/:\d+$/, '');
  const stream = plugin.stream({
    properties: {
      'xds\0filter_chain_name': traced.chain,
      'filter_state\0penstock.client': '127.0.0.1',
      ...(traced.chain === 'intercept' && { 'filter_state\0penstock.tunnel': `${connect} ${serverName}` }),
    },
  });
  const log: string[] = [];
  const { request, response } = traced;
  const play = (side: 'request' | 'response', message: Message, cuts: Cuts) => {
    const before = host.logs.length;
    const chunks = message.body === '' ? [] : cutAt(Buffer.from(message.body, 'utf8'), cuts);
    const { trailers } = message;
    stream[`${side}Headers`](message.headers, chunks.length === 0 && !trailers);
    chunks.forEach((chunk, i) => {
      if (!stream.localResponse) stream[`${side}Body`](chunk, i === chunks.length - 1 && !trailers);
      answerPins(host, traced.pins);
      plugin.tick();
    });
    if (trailers && !stream.localResponse) stream[`${side}Trailers`](trailers);
    answerPins(host, traced.pins);
    log.push(side, ...host.logs.slice(before).map((line) => `  ${withoutExchange(line.message)}`));
    if (stream.localResponse) return;
    const sent = side === 'request' ? stream.sentUpstream : stream.sentDownstream;
    if (!sent.ended) log.push('  held');
    else {
      log.push('  pass');
      const lines = (headers: HeaderPairs) => headers.map(([name, value]) => `${name}: ${value}`);
      const [before, after] = [lines(message.headers), lines(sent.headers ?? [])];
      log.push(...before.filter((line) => !after.includes(line)).map((line) => `  - ${line}`));
      log.push(...after.filter((line) => !before.includes(line)).map((line) => `  + ${line}`));
      if (sent.text === message.body) return;
      log.push(
        '  with this body',
        ...withoutRequestId(sent.text)
          .split('\n')
          .map((line) => `  | ${line}`),
      );
    }
  };
  play('request', request, requestCuts);
  if (response && !stream.localResponse) play('response', response, responseCuts);
  if (stream.localResponse)
    log.push(
      `  answer ${stream.localResponse.status} ${withoutRequestId(Buffer.from(stream.localResponse.body).toString())}`,
    );
  stream.done();
  return `${log.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Answers what the filter asks about the tools of a list, as control does (pin-pages.ts): by default that it sees each first. */
export function answerPins(host: Host, records?: readonly string[]): void {
  for (const call of host.httpCalls()) {
    const { tools } = JSON.parse(Buffer.from(call.body).toString('latin1')) as { tools: unknown[] };
    const body = tools.map((_, i) => `${records?.[i] ?? 'n00'}\n`).join('');
    host.answerHttpCall(call.token, [[':status', '200']], body);
  }
}

function cutAt(bytes: Uint8Array, cuts: Cuts): Uint8Array[] {
  const edges = [0, ...cuts, bytes.length];
  return edges.slice(1).map((to, i) => bytes.subarray(edges[i], to));
}

/** A line without what names the exchange and nothing of the message. */
function withoutExchange(line: string): string {
  return line.replace(/,"(?:host|method|request|client)":"[^"]*"/g, '');
}

/** An answer of the filter without the id that it gives the request. */
function withoutRequestId(answer: string): string {
  return answer.replace(/; request [0-9a-f]{16}/g, '').replace(/,"request":"[0-9a-f]{16}"/g, '');
}
