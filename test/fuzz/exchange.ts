// An exchange to fuzz with, and playing it through the filter in the host emulator.
import fc from 'fast-check';
import { answerPins } from '../../control/serve/trace.ts';
import type { HeaderPairs, Host, Plugin, Stream } from '../../filter/proxy-wasm-as/host/index.ts';
import type { Pool } from './target.ts';
import { TextArbitrary } from './text.ts';

export interface FuzzedMessage {
  headers: HeaderPairs;
  body: Uint8Array;
  /** Empty where the last part of the body is the end. */
  trailers: HeaderPairs;
}

export interface FuzzedExchange {
  /** Index into the configurations of filter-target.ts. */
  config: number;
  chain: string;
  request: FuzzedMessage;
  response: FuzzedMessage;
  /** Where the bodies are cut, as numbers to take the rest of by their length. */
  cuts: readonly number[];
  /** Whether the end of a body that is cut comes as an empty part of its own, as HTTP/1.1 sends it. */
  endsApart: boolean;
}

/** What came of an exchange, for those who sent it and for the log. */
export interface Outcome {
  lines: string[];
  answer: { status: number; body: string } | undefined;
  wasReset: boolean;
  upstream: SentMessage;
  downstream: SentMessage;
}

interface SentMessage {
  headers: HeaderPairs | undefined;
  body: string;
  trailers: HeaderPairs | undefined;
  ended: boolean;
}

export const maxBodyBytes = 40 * 1024;

const names = fc.constantFrom('authorization', 'cookie', 'x-api-key', 'user-agent', 'referer', 'x-a');
const contentTypes = fc.constantFrom(
  ...['application/json', 'text/event-stream', 'TEXT/EVENT-STREAM; charset=utf-8', 'text/plain', 'image/png', ''],
);
const encodings = fc.constantFrom('', '', '', '', 'identity', 'Identity', 'gzip', 'br, identity');
const trailerNames = fc.constantFrom('x-a', 'x-envoy-decompressor-gzip-compressed-bytes', 'grpc-status');

/** Exchanges whose texts are made from the pool. */
export function exchanges(pool: Pool, configCount: number): fc.Arbitrary<FuzzedExchange> {
  const short = new TextArbitrary(pool, 600);
  const body = new TextArbitrary(pool, maxBodyBytes);
  const value = fc.oneof(short.map(latin1), fc.nat(100_000).map(String));
  const pairs = (name: fc.Arbitrary<string>) => fc.array(fc.tuple(name, value), { maxLength: 3 });
  const trailers = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: pairs(trailerNames) });
  const described = fc
    .tuple(contentTypes, encodings, pairs(names))
    .map(
      ([type, encoding, rest]): HeaderPairs => [
        ...(type === '' ? [] : [['content-type', type] as const]),
        ...(encoding === '' ? [] : [['content-encoding', encoding] as const]),
        ...rest,
      ],
    );
  const request = fc
    .record({
      method: fc.constantFrom('POST', 'GET', 'HEAD', 'CONNECT', 'PROPFIND'),
      path: fc.oneof(
        fc.constant('/mcp'),
        short.map((text) => `/${latin1(text)}`),
      ),
      authority: fc.oneof(
        {
          weight: 5,
          arbitrary: fc.constantFrom('api.example.com', 'api.example.com:443', 'API.example.com.', '[::1]:80'),
        },
        { weight: 1, arbitrary: short.map(latin1) },
      ),
      described,
      saysLength: fc.boolean(),
      body,
      trailers,
    })
    .map(({ method, path, authority, described, saysLength, body, trailers }) => ({
      headers: [
        [':method', method],
        [':path', path],
        [':authority', authority],
        [':scheme', 'https'],
        // Envoy refuses one that is not so.
        ...(saysLength ? [['content-length', String(body.length)] as const] : []),
        ...described,
      ] as HeaderPairs,
      body,
      trailers,
    }));
  const response = fc
    .record({ status: fc.constantFrom('200', '204', '404', '101'), described, body, trailers })
    .map(({ status, described, body, trailers }) => ({
      headers: [[':status', status], ...described] as HeaderPairs,
      body,
      trailers,
    }));
  return fc.record({
    config: fc.nat(configCount - 1),
    chain: fc.constantFrom('mcp', 'intercept', 'egress'),
    request,
    response,
    cuts: fc.array(fc.nat(), { maxLength: 12 }),
    endsApart: fc.boolean(),
  });
}

/** Plays the exchange, its bodies in one piece or cut as it says. */
export function play(host: Host, plugin: Plugin, exchange: FuzzedExchange, isCut: boolean): Outcome {
  const firstLine = host.logs.length;
  const stream = plugin.stream({
    properties: {
      'xds\0filter_chain_name': exchange.chain,
      'filter_state\0penstock.client': '127.0.0.1',
      ...(exchange.chain === 'intercept' && {
        'filter_state\0penstock.tunnel': 'api.example.com:443 api.example.com',
      }),
    },
  });
  send(host, stream, 'request', exchange, isCut);
  // The origin answers what has come to it.
  if (stream.sentUpstream.ended && !stream.localResponse && !stream.reset)
    send(host, stream, 'response', exchange, isCut);
  // What is cut is cut by the tick.
  plugin.tick();
  const sent = ({ headers, body, trailers, ended }: Stream['sentUpstream']): SentMessage => ({
    headers,
    body: withoutId(latin1(body)),
    trailers,
    ended,
  });
  const { localResponse: answer } = stream;
  const outcome = {
    // What the stages saw is told in trace lines, in as many pieces as they read.
    lines: host.logs.slice(firstLine).flatMap(({ level, message }) => (level === 'trace' ? [] : [withoutId(message)])),
    answer: answer && { status: answer.status, body: withoutId(latin1(answer.body)) },
    wasReset: stream.reset,
    upstream: sent(stream.sentUpstream),
    downstream: sent(stream.sentDownstream),
  };
  stream.done();
  host.logs.length = 0;
  return outcome;
}

function send(
  host: Host,
  stream: Stream,
  side: 'request' | 'response',
  exchange: FuzzedExchange,
  isCut: boolean,
): void {
  const { headers, body, trailers } = exchange[side];
  const hasTrailers = trailers.length > 0;
  const chunks = isCut ? cutAt(body, exchange.cuts) : body.length > 0 ? [body] : [];
  if (isCut && exchange.endsApart && !hasTrailers && body.length > 0) chunks.push(new Uint8Array());
  const goesOn = () => !stream.reset && !stream.localResponse;
  stream[`${side}Headers`](headers, chunks.length === 0 && !hasTrailers);
  chunks.forEach((chunk, i) => {
    if (goesOn()) stream[`${side}Body`](chunk, i === chunks.length - 1 && !hasTrailers);
    answerPins(host);
  });
  if (hasTrailers && goesOn()) stream[`${side}Trailers`](trailers);
  answerPins(host);
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  if (bytes.length === 0) return [];
  const offsets = [...new Set(cuts.map((cut) => cut % bytes.length))].filter((cut) => cut > 0).sort((a, b) => a - b);
  return [...offsets, bytes.length].map((to, i) => bytes.subarray(i === 0 ? 0 : offsets[i - 1], to));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Without the id that the filter gives each exchange. */
function withoutId(text: string): string {
  return text.replace(/; request [0-9a-f]{16}/g, '').replace(/,"request":"[0-9a-f]{16}"/g, '');
}
