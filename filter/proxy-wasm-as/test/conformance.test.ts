// The host is honest when a filter cannot tell it from Envoy: each exchange runs through both, with the same filter, and
// everything that client, origin and filter saw must be equal.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HeaderPairs, Host, type Plugin } from '../host/index.ts';
import { compileFilter } from './compile.ts';
import { type RunningEnvoy, startEnvoy } from './envoy.ts';
import { type Exchange, throughEnvoy, throughHost } from './exchange.ts';
import { startOrigin } from './origin.ts';

let envoy: RunningEnvoy;
let origin: Awaited<ReturnType<typeof startOrigin>>;
let plugin: Plugin;

beforeAll(async () => {
  const filter = await compileFilter('test/probe.ts', 'relative');
  origin = await startOrigin();
  envoy = await startEnvoy(filter, origin.port);
  const host = new Host(filter, { vmId: 'probe_vm', upstreams: ['origin'] });
  plugin = host.configure('configured', { name: 'probe', rootId: 'probe_root', vmConfiguration: 'vm' });
}, 60_000);

afterAll(async () => {
  await envoy?.stop();
  await origin?.stop();
});

const trying = (name: string): HeaderPairs => [['x-try', name]];
const chunks = ['hello ', 'wide ', 'world'];
const trailers: HeaderPairs = [['x-mark', 'the end']];

const exchanges: Record<string, Exchange> = {
  'nothing special, no body': { method: 'GET', path: '/' },
  'nothing special, body in chunks': { method: 'POST', path: '/', chunks },
  'nothing special, trailers': { method: 'POST', path: '/trailers', chunks, trailers },
  'answer in request headers': { method: 'GET', path: '/', headers: trying('a') },
  'answer in request headers, body follows': { method: 'POST', path: '/', headers: trying('a'), chunks },
  'answer at the end of a held body': { method: 'POST', path: '/', headers: trying('b'), chunks },
  'answer in the trailers of a held body': { method: 'POST', path: '/', headers: trying('b'), chunks, trailers },
  'held request edited and sent on': { method: 'POST', path: '/', headers: trying('h'), chunks },
  'held request edited in trailers': { method: 'POST', path: '/', headers: trying('h'), chunks, trailers },
  'held request without body': { method: 'GET', path: '/', headers: trying('h') },
  'held request emptied': { method: 'POST', path: '/', headers: trying('i'), chunks },
  'held request replaced after a call': { method: 'POST', path: '/', headers: trying('c'), chunks },
  'held request continued by a tick': { method: 'POST', path: '/', headers: trying('t'), chunks },
  'streamed bodies replaced': { method: 'POST', path: '/stream', headers: trying('d'), chunks },
  headers: {
    method: 'GET',
    path: '/',
    headers: [...trying('e'), ['x-repeated', 'first'], ['x-repeated', 'second'], ['x-empty', '']],
  },
  'properties, metrics, shared data': { method: 'GET', path: '/', headers: trying('p') },
  'held response replaced': { method: 'GET', path: '/stream', headers: trying('r') },
  'held response edited': { method: 'GET', path: '/stream', headers: trying('m') },
  'held response without body': { method: 'GET', path: '/empty', headers: trying('m') },
  'response body dropped': { method: 'GET', path: '/stream', headers: trying('n') },
  'response trailers': { method: 'GET', path: '/trailers', headers: trying('y') },
  'answer in response headers': { method: 'GET', path: '/stream', headers: trying('o') },
  'answer after headers have left': { method: 'GET', path: '/stream', headers: trying('l') },
};

test.each(Object.entries(exchanges))('%s', { timeout: 30_000 }, async (_name, exchange) => {
  const real = await throughEnvoy(exchange, envoy, origin.seen);
  expect(throughHost(exchange, plugin)).toEqual(real);
});

test('start-up', () => {
  // Envoy starts the VM on the main thread and on its worker, and the plugin's own log comes once for each.
  const start = plugin.host.logs.slice(0, 7).map((line) => line.message);
  expect(envoy.logs.slice(0, start.length)).toEqual(start);
});
