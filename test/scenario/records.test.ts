// What is kept of an exchange: its line in the log, and the counts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyFiles } from '../../control/receipts/verify.ts';
import { h1Client } from '../harness/client.ts';
import { githubToken } from '../harness/secret.ts';
import { waitFor } from '../harness/wait.ts';
import { attempt } from './attempt.ts';
import { useStage } from './stage.ts';

/** The first block changes a client's level, which is counted and changes nothing else. */
const level = { upgrade_warn: '', upgrade_ask: '', block_all: false };
const levels = { elevated: level, high: level, critical: level };
const stage = useStage({
  sections: {
    session_profiling: { enabled: true, domain_burst: 50 },
    adaptive_enforcement: { enabled: true, escalation_threshold: 1, levels },
  },
});
const leak = () => JSON.stringify({ text: githubToken() });

async function send(url: string, body?: string) {
  const client = h1Client(stage.gateway.route);
  try {
    return await client.send({ url, ...(body !== undefined && { body }) });
  } finally {
    client.close();
  }
}

test('each exchange has one line, with the same fields whatever became of it', async () => {
  const mark = stage.gateway.mark();
  await send('https://api.penstock.test/v1?q=of-the-query', '{"a": 1}');
  const allowed = await stage.gateway.waitForLog({ event: 'exchange' }, mark);
  expect(allowed).toMatchObject({
    ...{ level: 'info', listener: 'intercept', client: '127.0.0.1', host: 'api.penstock.test', method: 'POST' },
    ...{ status: 200, verdict: 'allow', action: 'passed', request_bytes: 8 },
  });
  expect(allowed.request).toMatch(/^[0-9a-f]{16}$/);
  expect(Number.isInteger(allowed.duration_ms)).toBe(true);
  expect(stage.gateway.log.text).not.toContain('of-the-query');

  const second = stage.gateway.mark();
  expect((await send('https://api.penstock.test/v1', leak())).status).toBe(403);
  const blocked = await stage.gateway.waitForLog({ event: 'exchange' }, second);
  expect(blocked).toMatchObject({
    ...{ level: 'warn', verdict: 'block', action: 'answered', status: 403, surface: 'request-body', view: 'raw' },
    rules: ['credential.github.token'],
  });
  const [finding] = stage.gateway.logged({ event: 'finding' }, second);
  expect(finding!.request).toBe(blocked.request);
  expect(stage.gateway.logged({ event: 'exchange' }, mark)).toHaveLength(2);
});

test('plain http, MCP and refused destinations have lines too; the own pages have none', async () => {
  const mark = stage.gateway.mark();
  await send('http://api.penstock.test/');
  await stage.gateway.waitForLog({ event: 'exchange', listener: 'egress', verdict: 'allow' }, mark);
  await fetch(`${stage.gateway.mcpUrl}/mcp`, { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
  await stage.gateway.waitForLog({ event: 'exchange', listener: 'mcp', verdict: 'allow' }, mark);
  await attempt(stage.gateway.route, 'https://10.9.8.7/');
  const refused = await stage.gateway.waitForLog({ event: 'exchange', verdict: 'block' }, mark);
  expect(refused).toMatchObject({ action: 'answered', rules: ['destination-address'], method: 'CONNECT' });
  await stage.gateway.page('/health');
  await stage.gateway.page('/metrics');
  expect(stage.gateway.logged({ event: 'exchange' }, mark)).toHaveLength(3);
});

test('a host that holds what was found is in no line', async () => {
  const mark = stage.gateway.mark();
  const token = githubToken();
  await send(`http://api.penstock.test/${token}`);
  const line = await stage.gateway.waitForLog({ event: 'exchange', surface: 'url' }, mark);
  expect(line.host).toBeUndefined();
  expect(stage.gateway.log.text).not.toContain(token);
});

test('findings are counted by rule, surface and verdict, and what scanning takes', async () => {
  for (let i = 0; i < 20; i++) await send('https://api.penstock.test/v1', '{"a": 1}');
  expect((await send('https://api.penstock.test/v1', leak())).status).toBe(403);
  await waitFor('the counts', async () => {
    const { body } = await stage.gateway.page('/metrics');
    return (
      /^penstock_findings_total\{.*penstock_rule="credential\.github\.token".*\} [1-9]/m.test(body) &&
      /^penstock_findings_total\{.*penstock_surface="request-body".*\} [1-9]/m.test(body) &&
      /^penstock_scan_seconds_bucket\{.*le="0.00001"\} \d/m.test(body)
    );
  });
});

test('the dashboard and the alerting rules speak of metrics that exist', async () => {
  await send('https://api.penstock.test/v1', leak());
  await fetch(`${stage.gateway.mcpUrl}/mcp`, { method: 'POST', body: 'no message' });
  const { body } = await stage.gateway.page('/metrics');
  const names = new Set([...body.matchAll(/^([a-z_]+)(?:\{.*\})? /gm)].map(([, name]) => name!));
  const files = join(import.meta.dirname, '../../chart/gateway/files');
  for (const name of ['dashboard.json', 'prometheus-rules.yaml']) {
    const text = readFileSync(join(files, name), 'utf8');
    const meant = new Set([...text.matchAll(/\b(?:penstock|envoy)_\w+/g)].map(([word]) => word));
    expect(meant.size).toBeGreaterThan(8);
    const isKnown = (word: string) => names.has(word) || body.includes(`${word}="`);
    expect([...meant].filter((word) => !isKnown(word))).toEqual([]);
  }
});

test('the configuration says which lines there are, and where', async () => {
  const { Gateway } = await import('../harness/gateway.ts');
  const file = join(stage.world.folder, 'gateway.log');
  const gateway = await Gateway.start({
    configuration: stage.world.configuration({
      logging: { output: 'both', file, include_allowed: false },
    }),
  });
  try {
    const client = h1Client(gateway.route);
    await client.send({ url: 'https://api.penstock.test/', body: '{}' });
    await client.send({ url: 'https://api.penstock.test/', body: leak() });
    client.close();
    await gateway.waitForLog({ event: 'exchange', verdict: 'block' });
    expect(gateway.logged({ event: 'exchange', verdict: 'allow' })).toEqual([]);
    await waitFor('the file', () => readFileSync(file, 'utf8').includes('"exchange"'));
  } finally {
    await gateway.stop();
  }
});

test('each verdict has a receipt, also while the worker is replaced', async () => {
  const { Gateway } = await import('../harness/gateway.ts');
  const dir = join(stage.world.folder, 'receipts');
  const configuration = stage.world.configuration({ flight_recorder: { dir }, logging: { include_allowed: false } });
  const gateway = await Gateway.start({ configuration });
  const client = h1Client(gateway.route);
  const token = githubToken();
  try {
    const ask = (body: string) => client.send({ url: 'https://api.penstock.test/?q=of-the-query', body });
    await ask('{}');
    expect((await ask(token)).status).toBe(403);
    const worker = gateway.processes().find(({ commandLine }) => commandLine.join(' ').includes('worker.ts'));
    process.kill(worker!.pid, 'SIGKILL');
    for (let i = 0; i < 10; i++) await ask('{}');
  } finally {
    client.close();
    await gateway.stop();
  }
  const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  expect(files).toHaveLength(1);
  expect(verifyFiles(files.map((name) => join(dir, name)))).toMatchObject({ receipts: 12, last: 12, problems: [] });
  const text = readFileSync(join(dir, files[0]!), 'utf8');
  expect(text).not.toContain(token);
  expect(text).not.toContain('of-the-query');
  expect(JSON.parse(text.split('\n')[1]!)).toMatchObject({
    ...{ seq: 2, verdict: 'block', action: 'answered', rules: ['credential.github.token'], surface: 'request-body' },
  });
});

test('where receipts are required, nothing passes while none can be written', { timeout: 120_000 }, async () => {
  const { Gateway } = await import('../harness/gateway.ts');
  // A disk of its own, nearly full.
  const dir = join(stage.world.folder, 'required');
  mkdirSync(dir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'receipts', dir]);
  const filler = join(dir, 'filler');
  writeFileSync(filler, Buffer.alloc(96 * 1024));
  const configuration = stage.world.configuration({ flight_recorder: { dir, require_receipts: true } });
  const gateway = await Gateway.start({ configuration });
  const status = async () => {
    const client = h1Client(gateway.route);
    const reply = await client.send({ url: 'http://api.penstock.test/', body: '{}' }).finally(() => client.close());
    return reply.status;
  };
  try {
    expect(await status()).toBe(200);
    await waitFor('the disk to be full', async () => (await status()) === 503, 30_000);
    const stopped = await gateway.waitForLog({ event: 'kill-switch', active: true });
    expect(stopped.sources).toEqual(['receipts']);
    rmSync(filler);
    await waitFor('receipts again', async () => (await status()) === 200, 30_000);
  } finally {
    await gateway.stop();
    const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
    const { problems, receipts } = verifyFiles(files.map((name) => join(dir, name)));
    execFileSync('umount', ['-l', dir]);
    expect(problems).toEqual([]);
    expect(receipts).toBeGreaterThan(10);
  }
});
