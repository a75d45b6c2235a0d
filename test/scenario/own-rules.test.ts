import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type Client, h1Client } from '../harness/client.ts';
import { penstock } from '../harness/command.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { useStage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-own-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Exact values, in parts: no file holds one whole. */
const fileSecret = ['Zq7!vT', 'p2-kWx', '9$hLm4', 'RbNd'].join('');
const shortSecret = ['tq8w', 'Pz3m'].join('');
const environmentSecret = ['uV5nQ2', 'xKe8Lr', 'J3wZ7t', 'Hc'].join('');
const secretsFile = join(folder, 'secrets.txt');
writeFileSync(secretsFile, `# two of them\n\n${fileSecret}\r\n  ${shortSecret}\n`, { mode: 0o600 });

const employee = ['EMP-', '204817'].join('');
const member = ['A73', '51904'].join('');

const stage = useStage({
  env: {
    BILLING_PASSWORD: environmentSecret,
    DATA_ROOT: '/nowhere/home-of-somebody',
    REGION: 'north-europe-1-longname',
  },
  sections: {
    dlp: {
      secrets_file: secretsFile,
      patterns: [
        {
          name: 'Employee',
          regex: '(?i)\\bemp-(\\d{6})\\b',
          exempt_domains: ['other.penstock.test', 'mcp.penstock.test'],
        },
        { name: 'Member', regex: '^[A-Z]\\d{7}$', severity: 'medium' },
      ],
    },
  },
});
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function post(url: string, body: unknown) {
  const client = h1Client(stage.gateway.route);
  clients.push(client);
  const reply = await client.send({
    url,
    method: 'POST',
    fields: [['Content-Type', 'application/json']],
    body: JSON.stringify(body),
  });
  return { status: reply.status, text: reply.body.toString() };
}

const api = 'https://api.penstock.test/v1/chat';

test('a pattern of the user blocks, and not on the way to an exempt domain', async () => {
  const mark = stage.gateway.mark();
  const blocked = await post(api, { note: `see ${employee}` });
  expect(blocked.status).toBe(403);
  expect(JSON.parse(blocked.text)).toMatchObject({ error: { type: 'penstock_block' } });
  expect(blocked.text).toContain('dlp.employee');
  await stage.gateway.waitForLog({ event: 'finding', verdict: 'block', rule: 'dlp.employee' }, mark);
  expect((await stage.gateway.page('/metrics')).body).toMatch(/^penstock_findings.*"dlp\.employee".* [1-9]/m);
  expect((await post(`${api}?who=${employee}`, {})).status).toBe(403);
  expect((await post(`https://other.penstock.test/hr?who=${employee}`, { note: employee })).status).toBe(200);
});

test('the name that a client gives itself on 8889 exempts nothing; the name of the server does', async () => {
  const send = async (url: string, host: string, text: string) => {
    const client = h1Client({ ca: '' });
    clients.push(client);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text } } };
    const reply = await client.send({
      url: `${url}/mcp`,
      method: 'POST',
      fields: [
        ['Host', host],
        ['Content-Type', 'application/json'],
        ['Accept', 'application/json, text/event-stream'],
      ],
      body: JSON.stringify(call),
    });
    return reply.body.toString();
  };
  expect(await send(stage.gateway.mcpUrl, 'localhost', employee)).toContain(employee);
  expect(await send(stage.gateway.mcpUrl, 'mcp.penstock.test', fileSecret)).toContain('dlp.secrets-file');
});

test('a finding of medium severity warns', async () => {
  const mark = stage.gateway.mark();
  expect((await post(api, { member })).status).toBe(200);
  await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule: 'dlp.member' }, mark);
});

test('exact values are blocked in every wrapping, and nothing shows them', async () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const bodies = [
    { text: fileSecret },
    { text: base64(fileSecret) },
    { text: base64(`user:${fileSecret}`) },
    { deep: [base64(JSON.stringify({ key: fileSecret }))] },
    { text: encodeURIComponent(fileSecret) },
    { text: `x${shortSecret}y` },
    { text: base64(shortSecret) },
    { text: Buffer.from(shortSecret).toString('hex') },
  ];
  for (const body of bodies) {
    const reply = await post(api, body);
    expect(reply.status, reply.text).toBe(403);
    expect(reply.text).toContain('dlp.secrets-file');
  }
  const environment = await post(api, { env: `BILLING_PASSWORD=${environmentSecret}` });
  expect(environment.text).toContain('dlp.environment');
  // What is no secret of the environment passes.
  expect((await post(api, { text: '/nowhere/home-of-somebody north-europe-1-longname' })).status).toBe(200);
  const shown = await everythingShown(stage.gateway);
  expect(leaksIn(shown, [fileSecret, shortSecret, environmentSecret])).toEqual([]);
});

test('files that hold the table are private', async () => {
  const files = ['tables', 'run/filter'].flatMap((name) =>
    readdirSync(join(stage.gateway.stateDir, name)).map((file) => join(stage.gateway.stateDir, name, file)),
  );
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0);
});

test('check prints no value, and names what is wrong with the file', async () => {
  const config = join(folder, 'pipelock.yaml');
  writeFileSync(config, `tls_interception: { enabled: true }\ndlp:\n  secrets_file: secrets.txt\n`);
  const good = await penstock(['check', config], { cwd: folder, env: { BILLING_PASSWORD: environmentSecret } });
  expect(good.exit).toBe(0);
  writeFileSync(join(folder, 'bad.txt'), `short\n${'a'.repeat(30)}\n${fileSecret}\n`, { mode: 0o644 });
  writeFileSync(config, `tls_interception: { enabled: true }\ndlp:\n  secrets_file: bad.txt\n`);
  const open = await penstock(['check', config], { cwd: folder });
  expect(open.exit).toBe(2);
  expect(open.stderr).toMatch(
    /pipelock\.yaml:3:17: dlp\.secrets_file: .*bad\.txt: others may read it \(mode 0644\); chmod 600/,
  );
  rmSync(join(folder, 'bad.txt'));
  writeFileSync(join(folder, 'bad.txt'), `short\n${'a'.repeat(30)}\n${fileSecret}\n`, { mode: 0o600 });
  const short = await penstock(['check', config], { cwd: folder });
  expect(short.stderr).toMatch(/bad\.txt:1: 5 bytes are too few to look for/);
  expect(short.stderr).toMatch(/bad\.txt:2: fewer than 4 different characters/);
  const texts = new Map([good, open, short].map(({ stdout, stderr }, i) => [`check ${i}`, stdout + stderr]));
  expect(leaksIn(texts, [fileSecret, environmentSecret])).toEqual([]);
});
