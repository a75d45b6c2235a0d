/**
 * Whatever is found in the open, again through the whole filter in the host emulator, its bodies cut at random offsets:
 * a request, which the filter holds to its end, and an answer that passes on and is read in windows.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HeaderPairs, Host, type Stream } from '../../filter/proxy-wasm-as/host/index.ts';
import { Seeded } from '../bench/random.ts';
import type { Row } from './corpora.ts';
import type { Judge } from './judge.ts';
import type { Measured, Part } from './part.ts';
import { chatRequest } from './wrap.ts';
import { corpusTable, type FoundRow, foundInTheOpen, perCorpus } from './wrapped.ts';

/** Windows of an answer begin every so many bytes (filter/action/window.ts). */
const windowStepBytes = 14_336;
const mostChunks = 5;

export const chunked: Part = {
  name: 'chunks',
  about: 'what is found in the open, again through filter.wasm with bodies cut at random offsets',
  measure(corpora, judge): Measured {
    const found = foundInTheOpen(corpora, judge);
    const filter = new Filter(judge);
    const figures = Object.entries(ways).map(([name, play]) => {
      const missed = new Set<Row>();
      for (const one of found) {
        const reported = filter.play(one, play);
        if (!reported.some((rule) => one.rules.has(rule))) missed.add(one.row);
      }
      return perCorpus(`chunks/${name}`, found, missed);
    });
    return { figures: figures.flat(), reports: [corpusTable('found again where bodies come in pieces', figures)] };
  },
};

type Play = (stream: Stream, found: FoundRow, random: Seeded) => void;

const ways: Record<string, Play> = {
  'request in chunks'(stream, { row }, random) {
    const chunks = cut(Buffer.from(chatRequest(row.text)), random);
    stream.requestHeaders(requestHeaders('POST'));
    chunks.forEach((chunk, i) => {
      if (!stream.localResponse) stream.requestBody(chunk, i === chunks.length - 1);
    });
  },
  'answer in windows'(stream, { open }, random) {
    // Somewhere across the border of the first window, so that no window begins with it.
    const before = windowStepBytes + random.integer(-open.bytes.length, 2048);
    const text = Buffer.concat([filler.subarray(0, before), lineEnd, open.bytes, lineEnd, filler.subarray(0, 3000)]);
    const chunks = cut(text, random);
    stream.requestHeaders(requestHeaders('GET'), true);
    stream.responseHeaders([
      [':status', '200'],
      ['content-type', 'text/plain'],
    ]);
    chunks.forEach((chunk, i) => {
      stream.responseBody(chunk, i === chunks.length - 1);
    });
  },
};

const lineEnd = Buffer.from('\n');
/** Words that no rule knows. */
const filler = Buffer.from('some words of a long answer stand here\n'.repeat(500));

function requestHeaders(method: string): HeaderPairs {
  return [
    [':method', method],
    [':path', '/v1/chat/completions'],
    [':authority', 'api.example.com'],
    [':scheme', 'https'],
    ['content-type', 'application/json'],
  ];
}

/** A body in up to `mostChunks` pieces. */
function cut(bytes: Buffer, random: Seeded): Buffer[] {
  const places = Array.from({ length: random.integer(1, mostChunks - 1) }, () => random.integer(1, bytes.length - 1));
  const edges = [0, ...places.sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((to, i) => bytes.subarray(edges[i], to));
}

/** build/filter.wasm with the table that the other parts judge by. */
class Filter {
  readonly #host: Host;
  readonly #plugin;

  constructor({ table }: Judge) {
    const module = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));
    this.#host = new Host(module, { vmId: 'penstock' });
    this.#plugin = this.#host.configure(table, { rootId: 'penstock' });
  }

  /** Plays an exchange; gives the rules that the filter reported. */
  play(found: FoundRow, play: Play): string[] {
    this.#host.logs.length = 0;
    const stream = this.#plugin.stream({
      properties: {
        'xds\0filter_chain_name': 'intercept',
        'filter_state\0penstock.client': '127.0.0.1',
        'filter_state\0penstock.tunnel': 'api.example.com:443 api.example.com',
      },
    });
    play(stream, found, new Seeded(found.row.index));
    stream.done();
    return this.#host.logs.flatMap(({ message }) => /"event":"finding".*?"rule":"([^"]+)"/.exec(message)?.[1] ?? []);
  }
}
