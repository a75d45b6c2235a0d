// Who may ask on 8889, against the real Envoy: the tokens of mcp_auth.token_file, and what the server gets of them.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { type Fields, fieldValue } from '../harness/field.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { useStage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const draw = () => randomBytes(24).toString('hex');
const [first, second, third] = [draw(), draw(), draw()];

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } });

async function ask(url: string, more: Fields, text = body): Promise<Reply> {
  const client = h1Client({ ca: '' });
  clients.push(client);
  return client.send({
    url,
    fields: [['Accept', 'application/json, text/event-stream'], ['Content-Type', 'application/json'], ...more],
    body: text,
  });
}

function expectRefused(reply: Reply): void {
  expect(reply.status).toBe(401);
  expect(fieldValue(reply.fields, 'www-authenticate')).toBe('Bearer');
  expect(fieldValue(reply.fields, 'content-type')).toBe('application/json');
  expect(JSON.parse(reply.body.toString())).toMatchObject({
    jsonrpc: '2.0',
    id: null,
    error: { code: -32001, data: { code: 'mcp-auth' } },
  });
}

describe.each(['balanced', 'audit'])('in mode %s', (mode) => {
  const file = join(folder, `${mode}.txt`);
  writeFileSync(file, `# of two agents\n${first}\n\n${second}\n`, { mode: 0o640 });
  const stage = useStage({ sections: { mode, mcp_auth: { token_file: file } } });
  const send = (...more: Fields) => ask(`${stage.gateway.mcpUrl}/mcp`, more);

  test.each<[string, Fields]>([
    ['Authorization', [['Authorization', `Bearer ${first}`]]],
    ['the scheme in other letters', [['authorization', `bEARER ${second}`]]],
    ['X-Penstock-Token', [['X-Penstock-Token', first]]],
  ])('a token in %s opens the way, and goes no further', async (_, more) => {
    expect((await send(...more)).status).toBe(200);
    const { fields } = stage.mcp.arrived[0]!;
    expect(JSON.stringify(fields).includes(first) || JSON.stringify(fields).includes(second)).toBe(false);
    expect(fieldValue(fields, 'authorization')).toBeUndefined();
  });

  test("the caller's own Authorization goes to the server beside X-Penstock-Token", async () => {
    const reply = await send(['X-Penstock-Token', second], ['Authorization', 'Bearer of-the-server']);
    expect(reply.status).toBe(200);
    const { fields } = stage.mcp.arrived[0]!;
    expect(fieldValue(fields, 'authorization')).toBe('Bearer of-the-server');
    expect(fieldValue(fields, 'x-penstock-token')).toBeUndefined();
  });

  test.each<[string, Fields]>([
    ['none', []],
    ['another', [['Authorization', `Bearer ${third}`]]],
    ['a part of one', [['Authorization', `Bearer ${first.slice(0, -1)}`]]],
    ['one with more', [['X-Penstock-Token', `${first}0`]]],
    ['an empty one', [['X-Penstock-Token', '']]],
    ['a very long one', [['X-Penstock-Token', 'x'.repeat(5000)]]],
    ['two in one header', [['Authorization', `Bearer ${first}, Bearer ${second}`]]],
    ['another scheme', [['Authorization', `Basic ${first}`]]],
    [
      'a wrong one beside a right one',
      [
        ['X-Penstock-Token', third],
        ['Authorization', `Bearer ${first}`],
      ],
    ],
    ['the comment', [['X-Penstock-Token', '# of two agents']]],
  ])('%s is refused', async (_, more) => {
    const mark = stage.gateway.mark();
    expectRefused(await send(...more));
    expect(stage.mcp.arrived).toEqual([]);
    await stage.gateway.waitForLog({ event: 'refused', details: 'mcp-auth' }, mark);
    const line = await stage.gateway.waitForLog({ event: 'exchange', listener: 'mcp', rules: ['mcp-auth'] }, mark);
    expect(line).toMatchObject({ verdict: 'block', action: 'answered', status: 401 });
  });

  test('every method is asked for one, and a long body is not waited for', async () => {
    const url = `${stage.gateway.mcpUrl}/mcp`;
    expectRefused(await ask(url, [], 'x'.repeat(2_000_000)));
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const client = h1Client({ ca: '' });
      clients.push(client);
      expectRefused(await client.send({ method, url }));
    }
    expect(stage.mcp.arrived).toEqual([]);
  });

  test("the proxy's own pages ask for none", async () => {
    expect((await stage.gateway.page('/health')).status).toBe(200);
    expect((await stage.gateway.page('/metrics')).status).toBe(200);
  });

  test('a changed file is in use at once; one that others can read is refused and changes nothing', async () => {
    const url = `${stage.gateway.mcpUrl}/mcp`;
    const mark = stage.gateway.mark();
    writeFileSync(`${file}.next`, `${third}\n`, { mode: 0o644 });
    renameSync(`${file}.next`, file);
    const refusal = await stage.gateway.waitForLog({ event: 'reload-refused' }, mark, 60_000);
    expect(refusal.message).toContain('others may read it');
    expect((await ask(url, [['Authorization', `Bearer ${first}`]])).status).toBe(200);
    chmodSync(file, 0o600);
    await stage.gateway.waitForLog({ event: 'reload' }, mark, 60_000);
    expectRefused(await ask(url, [['Authorization', `Bearer ${first}`]]));
    expect((await ask(url, [['Authorization', `Bearer ${third}`]])).status).toBe(200);
  });

  test('no token is shown, and none is in what Envoy reads', async () => {
    const all = [first, second, third];
    expect(leaksIn(await everythingShown(stage.gateway), all)).toEqual([]);
    const filter = readFileSync(join(stage.gateway.stateDir, 'run/filter/filter.yaml'), 'utf8');
    const table = Buffer.from(
      /inline_bytes: *"?([A-Za-z0-9+/=]+)|value: *"?([A-Za-z0-9+/=]{1000,})/.exec(filter)!.slice(1).join(''),
      'base64',
    );
    expect(table.length).toBeGreaterThan(100_000);
    for (const token of all) expect(table.includes(token) || filter.includes(token)).toBe(false);
  });
});
