import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { event } from '../harness/answer.ts';
import { h1Client } from '../harness/client.ts';
import { freePorts, Gateway } from '../harness/gateway.ts';
import { isAlive } from '../harness/process-tree.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { waitFor } from '../harness/wait.ts';
import { World } from '../harness/world.ts';
import { attempt } from './attempt.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world?.close();
});

describe('the supervisor', () => {
  test('killed by SIGKILL: nothing of it is left after 5 s, and the next start works', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'penstock-state-'));
    const [proxy, mcp] = await freePorts(2);
    const options = { configuration: world.configuration(), stateDir, ports: { proxy: proxy!, mcp: mcp! } };
    const first = await Gateway.start(options);
    let second: Gateway | undefined;
    try {
      expect(await attempt(first.route, 'https://api.penstock.test/')).toMatchObject({ status: 200 });
      const pids = first.processes().map(({ pid }) => pid);
      expect(pids.length).toBeGreaterThanOrEqual(2);
      process.kill(first.pid, 'SIGKILL');
      await waitFor('Envoy and the worker to be gone', () => pids.every((pid) => !isAlive(pid)), 5_000);
      const ca = first.ca;
      second = await Gateway.start(options);
      expect(second.ca, 'the CA stays').toBe(ca);
      expect(await attempt(second.route, 'https://api.penstock.test/')).toMatchObject({ status: 200 });
      expect(await second.stop()).toBe(0);
    } finally {
      await first.destroy();
      await second?.destroy();
      rmSync(stateDir, { recursive: true, force: true });
    }
  });

  test('told to stop by SIGTERM: a running answer ends well, the exit code is 0, nothing is left', async () => {
    const gateway = await Gateway.start({ configuration: world.configuration() });
    const client = h1Client(gateway.route);
    try {
      world.api.answers.set('/stream', async (answering) => {
        answering.begin(200, [['Content-Type', 'text/event-stream']]);
        for (let index = 0; index < 20; index++) {
          await answering.send(event(`event ${index}`));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        answering.end();
      });
      const streaming = await client.begin({ url: 'https://api.penstock.test/stream' });
      const reader = new StreamReader(streaming);
      await reader.upTo('event 2\n\n');
      const pids = gateway.processes().map(({ pid }) => pid);
      const stopping = gateway.stop();
      expect(await reader.rest()).toContain('event 19\n\n');
      expect(await stopping).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
    } finally {
      client.close();
      await gateway.destroy();
    }
  });

  test('an Envoy that is killed comes back', async () => {
    const gateway = await Gateway.start({ configuration: world.configuration() });
    try {
      const envoy = gateway.envoyPid();
      process.kill(envoy, 'SIGKILL');
      await waitFor(
        'an exchange that works',
        async () => !isAlive(envoy) && (await attempt(gateway.route, 'https://api.penstock.test/')).status === 200,
        15_000,
      );
    } finally {
      await gateway.stop();
    }
  });
});
