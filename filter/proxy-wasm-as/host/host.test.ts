// What the conformance test cannot show: options, several plugins in a VM, traps, and the host's own observations.
import { beforeAll, describe, expect, test } from 'vitest';
import { compileFilter } from '../test/compile.ts';
import { ConfigurationRefused, GuestTrap, type HeaderPairs, Host, Metrics, SharedData } from './index.ts';

let probe: WebAssembly.Module;
beforeAll(async () => {
  probe = new WebAssembly.Module(await compileFilter('test/probe.ts', 'relative'));
}, 30_000);

const request = (tries?: string): HeaderPairs => [
  [':method', 'POST'],
  [':path', '/a?b=c'],
  [':authority', 'example.test'],
  ...(tries === undefined ? [] : [['x-try', tries] as const]),
];
const ok: HeaderPairs = [[':status', '200']];
const messages = (host: Host) => host.logs.map((line) => line.message);

describe('start', () => {
  test('a module that is no proxy-wasm module is refused with what it lacks', () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(() => new Host(empty)).toThrow(/proxy_abi_version_0_2_1, memory, proxy_on_memory_allocate missing/);
  });

  test('a call that is not allowed while the module starts is a trap', async () => {
    const early = await compileFilter('test/early.ts', 'relative');
    expect(() => new Host(early)).toThrow(/_initialize: the guest trapped: proxy_get_property is not allowed/);
  }, 30_000);

  test('a refused configuration throws', () => {
    expect(() => new Host(probe).configure('deny')).toThrow(ConfigurationRefused);
  });
});

describe('several plugins in one VM', () => {
  test('have root contexts and streams of their own, and share globals', () => {
    const host = new Host(probe);
    const main = host.configure('first', { rootId: 'first' });
    const probing = host.configure('second', { rootId: 'second' });
    const [first, second] = [main.stream(), probing.stream()];
    expect(new Set([main.id, probing.id, first.id, second.id]).size).toBe(4);
    first.done();
    second.done();
    expect(messages(host).filter((line) => line.startsWith('delete'))).toEqual([
      'delete, in use 1',
      'delete, in use 0',
    ]);
  });

  test('see what the other set on the same exchange', () => {
    const host = new Host(probe);
    const main = host.configure().stream({ properties: { 'connection\0tls_version': 'TLSv1.3' } });
    const probing = host.configure().stream({ properties: main.properties });
    main.requestHeaders(request('p'), true);
    expect(probing.properties.get('filter_state\0wasm.verdict')).toEqual(new Uint8Array());
    expect(probing.properties.text('connection\0tls_version')).toBe('TLSv1.3');
  });
});

describe('return values', () => {
  test('without allow_on_headers_stop_iteration a stop on headers stops the body callbacks', () => {
    const host = new Host(probe);
    const stream = host.configure('', { allowOnHeadersStopIteration: false }).stream();
    expect(stream.requestHeaders(request('h'))).toBe(1);
    expect(stream.requestBody('body', true)).toBeUndefined();
    expect(stream.sentUpstream).toMatchObject({ headers: undefined, ended: false });
  });

  test('a held request over the limit gets 413, and the guest is not asked again', () => {
    const host = new Host(probe);
    const stream = host.configure().stream({ requestBufferLimitBytes: 10 });
    stream.requestHeaders(request('h'));
    expect(stream.requestBody('12345678')).toBe(1);
    expect(stream.requestBody('9abcdef')).toBeUndefined();
    expect(stream.requestBody('', true)).toBeUndefined();
    expect(stream.localResponse).toMatchObject({ status: 413, details: 'request_payload_too_large' });
    expect(stream.sentDownstream.text).toBe('Payload Too Large');
    expect(stream.sentUpstream.headers).toBeUndefined();
  });

  test('a held response over the limit becomes 500', () => {
    const stream = new Host(probe).configure().stream({ responseBufferLimitBytes: 10 });
    stream.requestHeaders(request('m'), true);
    stream.responseHeaders(ok);
    stream.responseBody('12345678');
    stream.responseBody('9abcdef');
    expect(stream.sentDownstream.header(':status')).toBe('500');
    expect(stream.sentDownstream.text).toBe('Internal Server Error');
  });

  test('a streamed body has no limit and leaves chunk by chunk', () => {
    const stream = new Host(probe).configure().stream({ responseBufferLimitBytes: 10 });
    stream.requestHeaders(request(), true);
    stream.responseHeaders(ok);
    stream.responseBody('x'.repeat(100));
    stream.responseBody('y', true);
    expect(stream.sentDownstream.chunks.map((chunk) => chunk.length)).toEqual([100, 1]);
  });
});

describe('calls', () => {
  test('are seen with all they carry, and a failure is an answer with 503', () => {
    const host = new Host(probe, { upstreams: ['origin'] });
    const stream = host.configure().stream();
    stream.requestHeaders(request('c'));
    stream.requestBody('body', true);
    const [call] = host.httpCalls();
    expect(call).toMatchObject({ upstream: 'origin', timeoutMilliseconds: 1000, trailers: [] });
    expect(Buffer.from(call!.body).toString()).toBe('{"error":"refused"}');
    expect(stream.sentUpstream.headers).toBeUndefined();
    host.answerHttpCall(call!.token, [[':status', '503']]);
    expect(stream.sentUpstream).toMatchObject({ text: '', ended: true });
    expect(() => host.answerHttpCall(call!.token, ok)).toThrow(/no open call/);
  });

  test('an answer for a stream that has gone finds no context', () => {
    const host = new Host(probe);
    const stream = host.configure().stream();
    stream.requestHeaders(request('c'));
    stream.requestBody('body', true);
    stream.done();
    host.answerHttpCall(host.httpCalls()[0]!.token, ok);
    expect(messages(host)).toContain('effective 2');
  });
});

describe('what workers share', () => {
  test('shared data and metrics, when the hosts are given the same', () => {
    const shared = { sharedData: new SharedData(), metrics: new Metrics() };
    for (const host of [new Host(probe, shared), new Host(probe, shared)]) {
      host.configure().stream().requestHeaders(request('p'), true);
    }
    expect(shared.metrics.value('probe_counter')).toBe(6n);
    expect(shared.metrics.value('probe_gauge')).toBe(6n);
    expect(shared.metrics.get('probe_histogram')?.values).toEqual([10n, 10n]);
    expect(shared.sharedData.get('probe_key')?.value).toEqual(new Uint8Array());
  });

  test('a write with an old version is a mismatch', () => {
    const data = new SharedData();
    data.set('key', Uint8Array.of(1));
    const { cas } = data.get('key')!;
    expect(data.set('key', Uint8Array.of(2), cas)).toBe(0);
    expect(data.set('key', Uint8Array.of(3), cas)).toBe(8);
    expect(data.get('key')?.value).toEqual(Uint8Array.of(2));
  });
});

describe('log and clock', () => {
  test('lines below the level are not kept, and the guest can ask for it', () => {
    const host = new Host(probe, { logLevel: 'warn' });
    const plugin = host.configure();
    expect(host.logs).toEqual([]);
    host.logLevel = 'debug';
    plugin.stream().requestHeaders(request('p'), true);
    expect(messages(host)).toContain('level 1');
  });

  test('a line knows its context', () => {
    const host = new Host(probe);
    const stream = host.configure().stream();
    stream.done();
    expect(host.logs.at(-1)).toEqual({ level: 'info', message: 'delete, in use 0', contextId: stream.id });
  });

  test('the clock is the given one', () => {
    const host = new Host(probe, { nowNanoseconds: () => 1n });
    host.configure().stream().requestHeaders(request('p'), true);
    expect(messages(host)).toContain('clock 0');
  });
});

describe('traps', () => {
  test('are typed and leave the VM dead', () => {
    const host = new Host(probe);
    const plugin = host.configure();
    const other = plugin.stream();
    expect(() => plugin.stream().requestHeaders(request('x'))).toThrow(GuestTrap);
    expect(host.trap?.callback).toBe('proxy_on_request_headers');
    expect(() => other.requestHeaders(request())).toThrow(host.trap);
  });
});

describe('misuse by a test is said at once', () => {
  test('order of calls', () => {
    const stream = new Host(probe).configure().stream();
    expect(() => stream.requestBody('x')).toThrow(/body before headers/);
    stream.requestHeaders(request(), true);
    expect(() => stream.requestBody('x')).toThrow(/body after the end/);
    expect(() => stream.requestTrailers([])).toThrow(/trailers after the end/);
  });

  test('header values are bytes', () => {
    const stream = new Host(probe).configure().stream();
    expect(() => stream.requestHeaders([['x-name', 'snow \u2603']])).toThrow(/not a byte/);
  });
});
