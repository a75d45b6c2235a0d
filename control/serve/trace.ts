/** `penstock trace`: one message through the real filter in the host emulator, and what each stage said of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HeaderPairs, Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { compile } from '../compile/compile.ts';
import { readConfig } from '../config/read.ts';
import { buildPolicy } from '../policy/build.ts';
import { readRules } from '../rules/read.ts';
import { StartError } from './options.ts';

/** An exchange to trace, read from a Markdown file (test/stream/README.md has the format). */
export interface TraceCase {
  /** pipelock.yaml of the case. */
  config: string;
  /** Name of the filter chain it comes in by: egress, intercept or mcp. */
  chain: string;
  request: Message;
  response: Message | undefined;
  /** The log that the file expects; undefined where it has none. */
  log: string | undefined;
}

interface Message {
  headers: HeaderPairs;
  body: string;
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
  return {
    config: section(text, 'configuration') ?? 'mode: balanced\n',
    chain: /^chain: (\w+)$/m.exec(text)?.[1] ?? 'intercept',
    request: parseRequest(putTogether(request), place),
    response: response === undefined ? undefined : parseResponse(putTogether(response), place),
    log: section(text, 'log'),
  };
}

/** The text of the fence under a heading of the second level. */
function section(text: string, name: string): string | undefined {
  return new RegExp(`^## ${name}\\n\\n\`\`\`\\w*\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1];
}

/** Puts together what stands in parts, `{{ghp_|16C7}}`, and wraps it where asked, `{{base64 ghp_|16C7}}`. */
function putTogether(text: string): string {
  return text.replace(/\{\{(?:(base64|percent) )?([^}]*)\}\}/g, (_, wrapping: string | undefined, parts: string) => {
    const whole = parts.split('|').join('');
    if (wrapping === 'base64') return Buffer.from(whole).toString('base64');
    return wrapping === 'percent'
      ? [...Buffer.from(whole)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')
      : whole;
  });
}

function parseRequest(text: string, place: string): Message {
  const { first, headers, body } = parseMessage(text);
  const [method, path] = first.split(' ');
  const host = headers.find(([name]) => name === 'host')?.[1];
  if (method === undefined || path === undefined || host === undefined)
    throw new StartError([`${place}: request: begin with a line such as "POST /path HTTP/1.1" and a host header`]);
  const rest = headers.filter(([name]) => name !== 'host');
  return { headers: [[':method', method], [':path', path], [':authority', host], [':scheme', 'https'], ...rest], body };
}

function parseResponse(text: string, place: string): Message {
  const { first, headers, body } = parseMessage(text);
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw new StartError([`${place}: response: begin with a line such as "HTTP/1.1 200 OK"`]);
  return { headers: [[':status', status], ...headers], body };
}

function parseMessage(text: string): { first: string; headers: [string, string][]; body: string } {
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = (end < 0 ? text.trimEnd() : text.slice(0, end)).split('\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  // The last end of line belongs to the fence.
  return { first, headers, body: end < 0 ? '' : text.slice(end + 2).replace(/\n$/, '') };
}

const tables = new Map<string, Uint8Array>();
let filter: WebAssembly.Module | undefined;

function tableOf(config: string): Uint8Array {
  const known = tables.get(config);
  if (known) return known;
  const rules = readRules();
  const policy = buildPolicy(readConfig(config, 'pipelock.yaml').config, rules, {
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    mcpUpstream: undefined,
    upstreamCaFile: '',
  });
  const { table } = compile(rules, policy);
  tables.set(config, table);
  return table;
}

/** Runs a case, its bodies cut at the given offsets, and gives the stage log. */
export function traceCase(traced: TraceCase, requestCuts: Cuts, responseCuts: Cuts): string {
  filter ??= new WebAssembly.Module(readFileSync(wasmFile));
  const host = new Host(filter, { vmId: 'penstock', logLevel: 'trace', nowNanoseconds: () => 1n });
  const plugin = host.configure(tableOf(traced.config), { rootId: 'penstock' });
  const authority = traced.request.headers.find(([name]) => name === ':authority')?.[1] ?? '';
  const stream = plugin.stream({
    properties: {
      'xds\0filter_chain_name': traced.chain,
      'filter_state\0penstock.connect_authority': authority.includes(':') ? authority : `${authority}:443`,
      'connection\0dns_san_local_certificate': authority.replace(/:\d+$/, ''),
      'filter_state\0penstock.client': '127.0.0.1',
    },
  });
  const log: string[] = [];
  const send = (side: 'request' | 'response', message: Message, cuts: Cuts) => {
    const before = host.logs.length;
    const chunks = cutAt(Buffer.from(message.body, 'utf8'), cuts);
    const isEmpty = message.body === '';
    if (side === 'request') {
      stream.requestHeaders(message.headers, isEmpty);
      chunks.forEach((chunk, i) => {
        if (!isEmpty && !stream.localResponse) stream.requestBody(chunk, i === chunks.length - 1);
      });
    } else {
      stream.responseHeaders(message.headers, isEmpty);
      chunks.forEach((chunk, i) => {
        if (!isEmpty && !stream.localResponse) stream.responseBody(chunk, i === chunks.length - 1);
      });
    }
    const said = host.logs.slice(before).map((line) => `  ${withoutExchange(line.message)}`);
    log.push(side, ...said);
  };
  send('request', traced.request, requestCuts);
  if (!stream.localResponse) {
    log.push('  pass');
    if (traced.response) {
      send('response', traced.response, responseCuts);
      if (!stream.localResponse) log.push('  pass');
    }
  }
  if (stream.localResponse)
    log.push(
      `  answer ${stream.localResponse.status} ${withoutExchange(Buffer.from(stream.localResponse.body).toString())}`,
    );
  stream.done();
  return `${log.join('\n')}\n`;
}

function cutAt(bytes: Uint8Array, cuts: Cuts): Uint8Array[] {
  const edges = [0, ...cuts, bytes.length];
  return edges.slice(1).map((to, i) => bytes.subarray(edges[i], to));
}

/** Drops what names the exchange and nothing of the message. */
function withoutExchange(line: string): string {
  return line
    .replace(/,"(?:host|method|request|client)":"[^"]*"/g, '')
    .replace(/; request [0-9a-f]{16}/, '')
    .replace(/,"request":"[0-9a-f]{16}"/, '');
}
