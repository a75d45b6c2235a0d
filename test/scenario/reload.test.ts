// A changed pipelock.yaml is put in use while the gateway runs; a bad one is not, and is told of.
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { event, eventStream } from '../harness/answer.ts';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { githubToken } from '../harness/secret.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { Gate, waitFor } from '../harness/wait.ts';
import { attempt } from './attempt.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];

/** The file as it was at the start, in use again before each test. */
beforeEach(async () => {
  await use(stage.world.configuration());
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** Writes the file and waits until the gateway says what became of it. */
async function change(text: string, expected: 'reload' | 'reload-refused'): Promise<Record<string, unknown>> {
  const mark = stage.gateway.mark();
  writeFileSync(stage.gateway.configFile, text);
  return stage.gateway.waitForLog({ event: expected }, mark, 60_000);
}

let text = '';
async function use(wanted: string): Promise<void> {
  if (text !== '' && text !== wanted) await change(wanted, 'reload');
  text = wanted;
}

async function changed(sections: Record<string, unknown>): Promise<void> {
  await use(stage.world.configuration(sections));
}

const lastReload = () => stage.gateway.logged({ event: 'reload' }).at(-1)!;

test('interception switched off and on says which listeners begin anew', async () => {
  await changed({ tls_interception: { enabled: false } });
  expect(lastReload().listeners).toEqual(expect.arrayContaining(['egress', 'intercept']));
  await use(stage.world.configuration());
  expect(lastReload().listeners).toEqual(expect.arrayContaining(['egress', 'intercept']));
  await changed({ metrics_listen: '127.0.0.1:19099' });
  expect(lastReload().listeners).toEqual(expect.arrayContaining(['metrics_listen']));
});

function opened(open: (route: typeof stage.gateway.route) => Client): Client {
  const client = open(stage.gateway.route);
  clients.push(client);
  return client;
}

/** An event stream of which one event has come; the gate lets the rest come. */
async function streaming(client: Client, url: string): Promise<{ reader: StreamReader; gate: Gate }> {
  const gate = new Gate();
  const answer = eventStream(['first', 'second', '[DONE]'], async (index) => (index === 0 ? undefined : gate.passed()));
  stage.world.api.answer = answer;
  stage.world.plain.answer = answer;
  const reader = new StreamReader(await client.begin({ url, fields: [['Accept', 'text/event-stream']], body: '{}' }));
  expect(await reader.upTo('\n\n')).toBe(event('first'));
  return { reader, gate };
}

const health = async () => {
  const { body } = await stage.gateway.page('/health');
  // Envoy's own answer, while the worker is away.
  // biome-ignore lint/suspicious/noExplicitAny: what the page holds is the test
  return body === 'LIVE\n' ? undefined : (JSON.parse(body) as any);
};
const leak = () => ({ url: 'https://api.penstock.test/v1', body: JSON.stringify({ text: githubToken() }) });

test('a policy alone changes in place, and an open stream goes on', async () => {
  const client = opened(h1Client);
  expect((await client.send(leak())).status).toBe(403);
  const streams = [
    await streaming(opened(h1Client), 'https://api.penstock.test/chat'),
    await streaming(opened(h2Client), 'https://api.penstock.test/chat'),
    await streaming(opened(h1Client), 'http://api.penstock.test/chat'),
  ];
  await changed({ request_body_scanning: { action: 'warn' } });
  stage.world.api.reset();
  // Policy needs no new listener, and the line names none.
  expect(lastReload().listeners).toBeUndefined();
  // The connection that was open before is judged anew too.
  expect((await client.send(leak())).status).toBe(200);
  expect((await opened(h1Client).send(leak())).status).toBe(200);
  for (const { reader, gate } of streams) {
    gate.open();
    expect(await reader.rest()).toBe(event('second') + event('[DONE]'));
  }
  expect(stage.gateway.logged({ event: 'restart' })).toEqual([]);
});

test('destinations change, which replaces the listeners, and an open stream goes on', async () => {
  const streams = [
    await streaming(opened(h1Client), 'https://api.penstock.test/chat'),
    await streaming(opened(h2Client), 'https://api.penstock.test/chat'),
    await streaming(opened(h1Client), 'http://api.penstock.test/chat'),
  ];
  expect((await attempt(stage.gateway.route, 'https://other.penstock.test/')).status).toBe(200);
  await changed({ fetch_proxy: { monitoring: { blocklist: ['other.penstock.test'] } } });
  expect(lastReload()).toMatchObject({ listeners: expect.arrayContaining(['egress']) });
  expect(lastReload().message).toContain('anew for it, and connections that are open go on as they began');
  expect(await attempt(stage.gateway.route, 'https://other.penstock.test/')).toMatchObject({
    at: 'connect',
    status: 403,
  });
  for (const { reader, gate } of streams) {
    gate.open();
    expect(await reader.rest()).toBe(event('second') + event('[DONE]'));
  }
  await changed({});
  stage.world.reset();
  expect((await attempt(stage.gateway.route, 'https://other.penstock.test/')).status).toBe(200);
});

test('clusters come and go with their routes', async () => {
  await changed({ trusted_domains: [], internal: ['10.0.0.0/8'] });
  // Its address is an internal one, and it is trusted no longer.
  expect((await attempt(stage.gateway.route, 'https://api.penstock.test/')).status).not.toBe(200);
  await changed({});
  expect((await attempt(stage.gateway.route, 'https://api.penstock.test/')).status).toBe(200);
});

test('interception goes off and on', async () => {
  await changed({ tls_interception: { enabled: false } });
  await waitFor('the worker to be back', async () => (await health())?.tls_interception_enabled === false, 30_000);
  const unread = { proxy: stage.gateway.proxy, ca: stage.world.ca.pem };
  expect((await attempt(unread, 'https://api.penstock.test/')).status).toBe(200);
  await changed({});
  await waitFor(
    'the worker to mint again',
    async () => (await attempt(stage.gateway.route, 'https://api.penstock.test/')).status === 200,
    30_000,
  );
  expect((await opened(h1Client).send(leak())).status).toBe(403);
});

test('a bad file keeps the last good one, and shows in the log, in /health and in a metric', async () => {
  const before = stage.gateway.mark();
  const line = await change('mode: strct\nrequest_body_scanning:\n  actions: warn\n', 'reload-refused');
  expect(line.level).toBe('error');
  expect(line.message).toContain('pipelock.yaml:1:7: mode: "strct" is not a mode; write strict, balanced or audit');
  expect(line.message).toContain('actions: unknown key');
  expect((await stage.gateway.page('/health')).status).toBe(200);
  await waitFor('/health to tell', async () => (await health())?.configuration.state === 'rejected');
  expect(await health()).toMatchObject({ status: 'healthy', mode: 'balanced' });
  const metrics = (await stage.gateway.page('/metrics')).body;
  expect(metrics).toMatch(/^penstock_config_current 0$/m);
  expect(metrics).toMatch(/^penstock_config_rejects_total [1-9]/m);
  expect((await opened(h1Client).send(leak())).status).toBe(403);

  const good = await change(stage.world.configuration({ mode: 'audit' }), 'reload');
  expect(good.mode).toBe('audit');
  text = stage.world.configuration({ mode: 'audit' });
  await waitFor('/health to tell', async () => (await health())?.configuration.state === 'current');
  expect(await health()).toMatchObject({ mode: 'audit' });
  expect((await stage.gateway.page('/metrics')).body).toMatch(/^penstock_info\{mode="audit",envoy="[\d.]+"\} 1$/m);
  expect((await opened(h1Client).send(leak())).status).toBe(200);
  expect(stage.gateway.logged({ event: 'restart' }, before)).toEqual([]);
});

test('a file that is gone is refused, and what it held stays in use', async () => {
  renameSync(stage.gateway.configFile, `${stage.gateway.configFile}.away`);
  const mark = stage.gateway.mark();
  const line = await stage.gateway.waitForLog({ event: 'reload-refused' }, mark, 60_000);
  expect(line.message).toContain('no such file');
  expect((await opened(h1Client).send(leak())).status).toBe(403);
  text = stage.world.configuration({ mode: 'audit' });
  await change(text, 'reload');
});

test('a ConfigMap that kubelet swaps is seen', { timeout: 120_000 }, async () => {
  // As kubelet writes it: pipelock.yaml → ..data/pipelock.yaml, ..data → ..TIME, and the link ..data is replaced.
  const { Gateway } = await import('../harness/gateway.ts');
  const folder = join(stage.world.folder, 'configmap');
  const write = (name: string, content: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'pipelock.yaml'), content);
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  write('..2026_01', stage.world.configuration());
  symlinkSync('..data/pipelock.yaml', join(folder, 'pipelock.yaml'));
  const gateway = await Gateway.start({ more: ['--config', join(folder, 'pipelock.yaml')] });
  try {
    const client = h1Client(gateway.route);
    clients.push(client);
    expect((await client.send(leak())).status).toBe(403);
    write('..2026_02', stage.world.configuration({ mode: 'audit' }));
    await gateway.waitForLog({ event: 'reload' }, 0, 60_000);
    expect((await client.send(leak())).status).toBe(200);
  } finally {
    await gateway.stop();
  }
});
