import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Client, h1Client } from '../harness/client.ts';
import { Gateway } from '../harness/gateway.ts';
import { trapBytes, trappingCheckout } from '../harness/trapping-checkout.ts';
import { waitFor } from '../harness/wait.ts';
import { World } from '../harness/world.ts';

let world: World;
let gateway: Gateway;
let client: Client;
let remove: () => void = () => {};

beforeAll(async () => {
  world = await World.start();
  const copy = trappingCheckout();
  remove = copy.remove;
  gateway = await Gateway.start({ root: copy.root, configuration: world.configuration() });
});
beforeEach(() => {
  world.reset();
  client = h1Client(gateway.route);
});
afterAll(async () => {
  client?.close();
  await gateway?.stop();
  await world?.close();
  remove();
});

/** Whether a clean request passes; until the filter is there again, connections end without an answer. Each worker thread of Envoy has its filter, and loads it again after about a second. */
async function isServed(url: string): Promise<boolean> {
  const other = h1Client(gateway.route);
  try {
    return (await other.send({ url, body: 'y'.repeat(100) })).status === 200;
  } catch {
    return false;
  } finally {
    other.close();
  }
}

test.each(['https://api.penstock.test/v1/chat', 'http://api.penstock.test/v1/chat'])(
  'a trap in the filter ends the connection that it was working for, and the next request is served: %s',
  async (url) => {
    await waitFor('a served request', () => isServed(url));
    world.reset();
    const envoy = gateway.envoyPid();
    // The instance below HTTP is of the same VM (envoy/end.yaml), so nobody is left to answer.
    await expect(client.send({ url, body: 'x'.repeat(trapBytes) })).rejects.toThrow();
    expect([...world.api.arrived, ...world.plain.arrived], 'the origin saw nothing').toEqual([]);
    await waitFor('a served request', () => isServed(url), 5_000);
    expect(gateway.envoyPid(), 'Envoy went on').toBe(envoy);
    await waitFor('/health to answer', () => gateway.isHealthy(), 5_000);
  },
);

test('the filter still reads after a reload', async () => {
  const card = ['4539 7877', '8932 8790'].join(' ');
  // Each of Envoy's workers loads the filter anew when its next request comes, and answers 503 until it has.
  const reply = await waitFor('an answer of the filter', async () => {
    const one = client.send({ url: 'https://api.penstock.test/v1/chat', body: `card ${card} ok` });
    const reply = await one.catch(() => undefined);
    return reply?.status === 503 ? undefined : reply;
  });
  expect(reply.status).toBe(403);
  expect(world.api.arrived).toEqual([]);
});
