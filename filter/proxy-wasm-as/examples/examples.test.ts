import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HeaderPairs, Host } from '../host/index.ts';
import { compileFilter } from '../test/compile.ts';

const folder = join(import.meta.dirname, '..');
const post: HeaderPairs = [
  [':method', 'POST'],
  [':path', '/say"it'],
  [':authority', 'example.test'],
];

describe('hello', () => {
  test('adds its header to the response, in place of another', async () => {
    const plugin = new Host(await compileFilter('examples/hello.ts', 'package')).configure();
    const stream = plugin.stream();
    stream.requestHeaders(post, true);
    stream.responseHeaders(
      [
        [':status', '200'],
        ['x-greeting', 'bye'],
      ],
      true,
    );
    expect(stream.sentDownstream.headers).toEqual([
      [':status', '200'],
      ['x-greeting', 'hello'],
    ]);
  }, 30_000);

  test('is the filter of the README', async () => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    expect(readme).toContain(await readFile(join(folder, 'examples/hello.ts'), 'utf8'));
  });
});

describe('gate', () => {
  let filter: WebAssembly.Module;
  beforeAll(async () => {
    filter = new WebAssembly.Module(await compileFilter('examples/gate.ts', 'package'));
  }, 30_000);

  test('imports nothing but env', () => {
    expect(new Set(WebAssembly.Module.imports(filter).map((entry) => entry.module))).toEqual(new Set(['env']));
  });

  test('holds a body until its end, then lets all of it go', () => {
    const stream = new Host(filter).configure().stream();
    stream.requestHeaders(post);
    stream.requestBody('forbid');
    stream.requestBody('ding is fine');
    expect(stream.sentUpstream).toMatchObject({ headers: undefined, chunks: [], ended: false });
    stream.requestBody('', true);
    expect(stream.sentUpstream).toMatchObject({ text: 'forbidding is fine', ended: true });
    expect(stream.localResponse).toBeUndefined();
  });

  test('refuses a word that is cut over chunks, and nothing has left', () => {
    const host = new Host(filter);
    const stream = host.configure().stream();
    stream.requestHeaders(post);
    stream.requestBody('it is forbi');
    stream.requestBody('dden', true);
    expect(stream.sentUpstream.headers).toBeUndefined();
    expect(stream.localResponse).toMatchObject({ status: 403, details: 'gate_refused' });
    expect(JSON.parse(stream.sentDownstream.text)).toEqual({ refused: '/say"it', bytes: 15 });
    expect(stream.sentDownstream.header('content-type')).toBe('application/json');
    expect(host.metrics.value('gate_refused_total')).toBe(1n);
    expect(host.logs).toMatchObject([{ level: 'warn', message: stream.sentDownstream.text }]);
  });

  test('refuses in the trailers as well', () => {
    const stream = new Host(filter).configure().stream();
    stream.requestHeaders(post);
    stream.requestBody('forbidden');
    stream.requestTrailers([['checksum', '1']]);
    expect(stream.localResponse?.status).toBe(403);
  });

  test('memory is the same after 100,000 streams', () => {
    const host = new Host(filter);
    const plugin = host.configure();
    const body = new Uint8Array(4096).fill(0x61);
    const run = (count: number) => {
      for (let index = 0; index < count; index++) {
        const stream = plugin.stream();
        stream.requestHeaders(post);
        stream.requestBody(body.subarray(0, index % 4096));
        stream.requestBody(index % 7 === 0 ? 'forbidden' : '', true);
        stream.done();
        host.logs.length = 0;
      }
    };
    run(4096);
    const warm = host.memoryBytes;
    run(100_000);
    expect(host.memoryBytes).toBe(warm);
  }, 60_000);
});
