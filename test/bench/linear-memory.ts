/** The filter's linear memory over many exchanges, in the host emulator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HeaderPairs, Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { base64Heavy, chat, source } from './clean-text.ts';
import { defaultTable } from './speed.ts';

const wasmFile = join(import.meta.dirname, '../../build/filter.wasm');
/** A body comes in pieces of this size, as Envoy reads them. */
const chunkBytes = 16_384;

export interface LinearMemory {
  exchanges: number;
  blocked: number;
  /** After the table was loaded; after every body had come once; at the end. */
  loadedBytes: number;
  warmBytes: number;
  endBytes: number;
  seconds: number;
}

/** A token that is blocked, put together here. */
const secret = ['ghp', '_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('');

/**
 * Plays `exchanges` exchanges with bodies of many sizes. Of five, one is blocked, one given up by its client in the middle
 * and one answered by an event stream: enough of each that some hundred bytes left behind by one kind alone outgrow what
 * the allocator, which doubles memory, has to spare.
 */
export function playExchanges(exchanges: number): LinearMemory {
  const host = new Host(readFileSync(wasmFile), { vmId: 'penstock' });
  const plugin = host.configure(defaultTable(), { rootId: 'penstock' });
  const probe = host.configure('probe', { rootId: 'probe' });
  const loadedBytes = host.memoryBytes;
  const bodies = [chat(10_000), chat(1_000), chat(3_000, 2), source(5_000), base64Heavy(20_000), chat(10_000, 3)];
  const leaking = Buffer.from(`{"messages":[{"role":"user","content":"${'a '.repeat(400)}${secret}"}]}`);
  // Now and then a large one, so that what is kept for it shows as kept.
  const large = chat(300_000);
  const answer = chat(2_000, 9);
  const events = Array.from(
    { length: 4 },
    (_, index) => `data: {"choices":[{"delta":{"content":"word ${index}"}}]}\n\n`,
  );
  const start = performance.now();
  let blocked = 0;
  let warmBytes = 0;
  for (let index = 0; index < exchanges; index++) {
    const isBlocked = index % 5 === 4;
    const isGivenUp = index % 5 === 3;
    const isStream = index % 5 === 2;
    const body = index % 1_000 === 1 ? large : isBlocked ? leaking : bodies[Math.floor(index / 5) % bodies.length]!;
    const stream = plugin.stream({ properties: properties() });
    const probing = probe.stream({ properties: stream.properties });
    const headers = requestHeaders(body.length, index);
    stream.requestHeaders(headers);
    for (let at = 0; at < body.length && !stream.localResponse; at += chunkBytes) {
      stream.requestBody(body.subarray(at, at + chunkBytes), at + chunkBytes >= body.length && !isGivenUp);
    }
    if (stream.localResponse) blocked++;
    else if (!isGivenUp) {
      const answerHeaders: HeaderPairs = [
        [':status', '200'],
        ['content-type', isStream ? 'text/event-stream' : 'application/json'],
      ];
      probing.requestHeaders(headers, true);
      probing.responseHeaders(answerHeaders);
      stream.responseHeaders(answerHeaders);
      const pieces = isStream ? events.map((text) => Buffer.from(text)) : [answer];
      pieces.forEach((piece, at) => {
        probing.responseBody(piece, at === pieces.length - 1);
        stream.responseBody(piece, at === pieces.length - 1);
      });
    }
    stream.done();
    probing.done();
    host.logs.length = 0;
    // Every kind of body, the large one and every order of a few has come by then.
    if (index === Math.min(2_000, exchanges - 1)) warmBytes = host.memoryBytes;
  }
  const seconds = (performance.now() - start) / 1000;
  return { exchanges, blocked, loadedBytes, warmBytes, endBytes: host.memoryBytes, seconds };
}

function properties(): Record<string, string> {
  return {
    'xds\0filter_chain_name': 'intercept',
    'filter_state\0penstock.tunnel': 'api.example:443 api.example',
    'filter_state\0penstock.client': '127.0.0.1',
  };
}

function requestHeaders(bodyBytes: number, index: number): HeaderPairs {
  return [
    [':method', 'POST'],
    [':path', `/v1/chat/completions?n=${index}`],
    [':authority', 'api.example'],
    [':scheme', 'https'],
    ['content-type', 'application/json'],
    ['content-length', String(bodyBytes)],
  ];
}
