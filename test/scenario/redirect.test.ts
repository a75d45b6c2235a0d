// Calls of tools that policy redirects, against the real Envoy: what a handler is given, what the client gets, and what
// becomes of a call whose handler fails.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { checkout } from '../harness/command.ts';
import { type Fields, fieldValue } from '../harness/field.ts';
import type { Gateway } from '../harness/gateway.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { isAlive } from '../harness/process-tree.ts';
import { githubToken } from '../harness/secret.ts';
import { waitFor } from '../harness/wait.ts';
import { expectRpcError } from './block.ts';
import { useStage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-handlers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const secret = githubToken();
const node = join(checkout, 'node_modules/.bin/node');

/** What each handler does, by profile; `input` is what it was given. */
const handlers: Record<string, string> = {
  text: 'process.stdout.write("from the handler\\n")',
  // The pipe is made by the shell of the script's first line, so what is open is what it got.
  seen: `const fs = require('node:fs');
    const open = fs.readdirSync('/proc/' + process.ppid + '/fd').map(Number).filter((fd) => fd < 10).sort();
    process.stdout.write(JSON.stringify({ env: fs.readFileSync('/proc/' + process.ppid + '/environ', 'utf8'), open,
      cwd: fs.readlinkSync('/proc/' + process.ppid + '/cwd'), argv: process.argv.slice(2), input }))`,
  result:
    'process.stdout.write(JSON.stringify({ content: [{ type: "text", text: "no" }], isError: true, _meta: { a: 1 } }))',
  broken: 'process.stdout.write(JSON.stringify({ content: "no" }))',
  empty: '',
  fails: 'process.stdout.write("half"); process.exitCode = 3',
  leaks: `process.stdout.write("key ghp_" + "${secret.slice(4)}")`,
  large: 'process.stdout.write("x".repeat(1 << 20))',
  endless: 'setInterval(() => process.stdout.write("x".repeat(65536)), 1)',
  // It starts a program of its own, and both would go on for an hour.
  hangs: `const child = require('node:child_process').spawn('sleep', ['3600'], { stdio: 'inherit' });
    require('node:fs').writeFileSync('${join(folder, 'hanging')}', process.pid + ' ' + child.pid);
    setInterval(() => {}, 1000)`,
  slow: 'setTimeout(() => process.stdout.write("slow"), 300)',
  deaf: '',
};
for (const [name, script] of Object.entries(handlers)) {
  writeFileSync(join(folder, `${name}.cjs`), `const input = require('node:fs').readFileSync(0, 'utf8');\n${script}\n`);
  // A program that a kernel starts: node is not where an empty PATH finds it.
  writeFileSync(join(folder, name), `#!/bin/sh\n"${node}" "${join(folder, `${name}.cjs`)}" "$@"\nexit $?\n`, {
    mode: 0o755,
  });
}
writeFileSync(join(folder, 'deaf'), '#!/bin/sh\necho deaf\n', { mode: 0o755 });

const sections = {
  mcp_tool_policy: {
    rules: [
      ...Object.keys(handlers).map((name) => ({
        name,
        tool_pattern: `^${name}$`,
        action: 'redirect',
        redirect_profile: name,
      })),
      { name: 'Never this', tool_pattern: '^(text|other)$', arg_pattern: '^never$', action: 'block' },
      { name: 'careful', tool_pattern: '^text$', arg_pattern: 'careful', action: 'warn' },
    ],
    redirect_profiles: Object.fromEntries(
      Object.keys(handlers).map((name) => [
        name,
        { exec: [join(folder, name), '--as', name], reason: `instead of ${name}` },
      ]),
    ),
  },
};

const fields: Fields = [
  ['Accept', 'application/json, text/event-stream'],
  ['Content-Type', 'application/json'],
];
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function call(name: string, args: unknown = {}, id: number | string = 1): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

async function send(gateway: Gateway, body: unknown): Promise<Reply> {
  const client = h1Client({ ca: '' });
  clients.push(client);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return client.send({ url: `${gateway.mcpUrl}/mcp`, fields, body: text });
}

const json = (reply: Reply) => JSON.parse(reply.body.toString());
const text = (reply: Reply) => json(reply).result.content[0].text;

/** The call `id` is blocked because its handler did not answer it. */
function expectBlocked(reply: Reply, rule: string, id: number | string = 1, why = 'its handler gave no answer'): void {
  expect(reply.status).toBe(200);
  expect(json(reply)).toMatchObject({ jsonrpc: '2.0', id, error: { code: -32005, data: { rule } } });
  expect(json(reply).error.message).toContain(`blocked by Penstock: ${rule} in`);
  expect(json(reply).error.message).toContain(why);
}

describe('a call that is redirected', () => {
  const stage = useStage({ sections });
  afterEach(() => {
    // Whatever its handler does, the server never sees such a call.
    expect(stage.mcp.arrived).toEqual([]);
  });
  afterAll(async () => {
    expect(leaksIn(await everythingShown(stage.gateway), [secret])).toEqual([]);
  });

  test('is answered by its handler, told of, and counted', async () => {
    const mark = stage.gateway.mark();
    const reply = await send(stage.gateway, call('text', { a: 1 }, 'id-7'));
    expect(reply.status).toBe(200);
    expect(fieldValue(reply.fields, 'content-type')).toBe('application/json');
    expect(json(reply)).toEqual({
      jsonrpc: '2.0',
      id: 'id-7',
      result: { content: [{ type: 'text', text: 'from the handler' }], isError: false },
    });
    const rule = 'tool-policy.text';
    await stage.gateway.waitForLog({ event: 'finding', verdict: 'block', rule, surface: 'mcp-request' }, mark);
    const line = await stage.gateway.waitForLog({ event: 'exchange', listener: 'mcp', rules: [rule] }, mark);
    expect(line).toMatchObject({ verdict: 'block', action: 'redirected', status: 200 });
    const metrics = (await stage.gateway.page('/metrics')).body;
    expect(metrics).toMatch(/^penstock_redirects_total\{profile="text",outcome="answered"\} 1$/m);
  });

  test('gives its handler the call as it was written, and nothing of ours', async () => {
    // A number that no double holds, and a spelling that writing it again would change.
    const params = '{"name":"seen","arguments":{"n":12345678901234567890,"t":"\\u00e9 \\"x\\""}}';
    const reply = await send(stage.gateway, `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":${params}}`);
    const seen = JSON.parse(text(reply)) as { env: string; open: number[]; cwd: string; argv: string[]; input: string };
    const { request, ...input } = JSON.parse(seen.input) as Record<string, unknown>;
    expect(seen.input).toContain(`"params":${params}}`);
    expect(input).toMatchObject({ profile: 'seen', reason: 'instead of seen', rule: 'tool-policy.seen' });
    expect(request).toMatch(/^[0-9a-f]{16}$/);
    expect(seen).toMatchObject({ cwd: '/', argv: ['--as', 'seen'], open: [0, 1, 2] });
    expect(seen.env.split('\0').filter((each) => each !== '' && !/^(?:PWD|OLDPWD|_|SHLVL)=/.test(each))).toEqual([]);
  });

  test('may be answered with a result of its own, or an error of the tool', async () => {
    const reply = await send(stage.gateway, call('result'));
    expect(json(reply).result).toEqual({ content: [{ type: 'text', text: 'no' }], isError: true, _meta: { a: 1 } });
  });

  test('may be answered by a handler that does not read it', async () => {
    const reply = await send(stage.gateway, call('deaf', { text: 'x'.repeat(500_000) }));
    expect(text(reply)).toBe('deaf');
  });

  test('is blocked where its handler leaks, like a result of the server', async () => {
    const mark = stage.gateway.mark();
    const reply = await send(stage.gateway, call('leaks', {}, 'q'));
    expect(reply.body.toString().includes(secret), 'the reply shows the secret').toBe(false);
    expectRpcError(json(reply), 'q', 'credential.github.token');
    const rules = ['tool-policy.leaks', 'credential.github.token'];
    const line = await stage.gateway.waitForLog({ event: 'exchange', listener: 'mcp', rules }, mark);
    expect(line).toMatchObject({ verdict: 'block', action: 'answered' });
  });

  test('is answered with up to a MiB', async () => {
    const reply = await send(stage.gateway, call('large'));
    expect(text(reply)).toHaveLength(2 ** 20);
  });

  test.each([
    ['fails', 'exit code 3'],
    ['empty', 'what it wrote is no result'],
    ['broken', 'what it wrote is no result'],
    ['endless', 'over 1048576 bytes of output'],
  ])('is blocked where its handler %s', async (name, failure) => {
    const mark = stage.gateway.mark();
    expectBlocked(await send(stage.gateway, call(name, { text: 'argument-17' })), `tool-policy.${name}`);
    const said = await stage.gateway.waitForLog({ event: 'control', level: 'error' }, mark);
    expect(said.message).toMatch(
      new RegExp(`^redirect: ${name}: ${failure}; request [0-9a-f]{16} of tool-policy.${name} is blocked$`),
    );
    const line = await stage.gateway.waitForLog({ event: 'exchange', rules: [`tool-policy.${name}`] }, mark);
    expect(line).toMatchObject({ verdict: 'block', action: 'answered' });
    expect(stage.gateway.log.text).not.toContain('argument-17');
  });

  test('is blocked where its handler does not end, which is ended with all that it started', {
    timeout: 30_000,
  }, async () => {
    const start = performance.now();
    const waiting = send(stage.gateway, call('hangs'));
    const pids = await waitFor('the handler to hang', () => {
      try {
        return readFileSync(join(folder, 'hanging'), 'utf8').split(' ').map(Number);
      } catch {
        return undefined;
      }
    });
    expect(pids.map(isAlive)).toEqual([true, true]);
    expectBlocked(await waiting, 'tool-policy.hangs');
    expect(performance.now() - start).toBeLessThan(14_000);
    await waitFor('both to be gone', () => pids.every((pid) => !isAlive(pid)));
  });

  test('waits for its turn where many come at once; more than can wait are blocked', async () => {
    const twenty = await Promise.all(Array.from({ length: 20 }, (_, i) => send(stage.gateway, call('slow', {}, i))));
    expect(twenty.map((reply) => json(reply).result?.content[0].text)).toEqual(Array(20).fill('slow'));
    const forty = await Promise.all(Array.from({ length: 40 }, (_, i) => send(stage.gateway, call('slow', {}, i))));
    const blocked = forty.filter((reply) => json(reply).error);
    expect(blocked.length).toBeGreaterThan(0);
    expect(blocked.length).toBeLessThanOrEqual(20);
    for (const reply of blocked) expectBlocked(reply, 'tool-policy.slow', json(reply).id);
  });

  test('is blocked where a rule that blocks is met as well, or anything else blocks it', async () => {
    const never = await send(stage.gateway, call('text', { a: 'never' }));
    expect(json(never).error).toMatchObject({ code: -32005, data: { rule: 'tool-policy.text' } });
    expect(json(never).error.message).not.toContain('handler');
    const leak = await send(stage.gateway, call('text', { a: secret }));
    expect(json(leak).error.data.rule).toBe('credential.github.token');
    // One that warns changes nothing.
    expect(text(await send(stage.gateway, call('text', { a: 'careful' })))).toBe('from the handler');
  });

  test('is blocked in a batch, and without an id', async () => {
    const why = 'only a single call with an id of its own is redirected';
    const batch = await send(stage.gateway, [call('echo', {}, 1), call('text', {}, 2)]);
    const errors = json(batch) as { id: number; error: { message: string; data: { rule: string } } }[];
    expect(errors.map(({ id, error }) => [id, error.data.rule])).toEqual([
      [1, 'tool-policy.text'],
      [2, 'tool-policy.text'],
    ]);
    expect(errors[0]?.error.message).toContain(why);
    const { id: _, ...notification } = call('text') as { id: number };
    const refused = await send(stage.gateway, notification);
    expect(refused.status).toBe(403);
    expect(json(refused).error.message).toContain(why);
  });

  test('is blocked while the worker is away', async () => {
    process.kill(stage.gateway.workerPid(), 'SIGKILL');
    expectBlocked(await send(stage.gateway, call('text')), 'tool-policy.text');
    await waitFor(
      'the worker to be back',
      async () => json(await send(stage.gateway, call('text'))).result !== undefined,
      10_000,
    );
  });
});

describe.each([{ mode: 'audit' }, { enforce: false }])('with %o', (relaxed) => {
  const stage = useStage({ sections: { ...sections, ...relaxed } });

  test('a call goes to the server, and is told of', async () => {
    const mark = stage.gateway.mark();
    const reply = await send(stage.gateway, call('text', { a: 1 }));
    expect(text(reply)).toBe('{"a":1}');
    expect(stage.mcp.arrived).toHaveLength(1);
    await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule: 'tool-policy.text' }, mark);
    const line = await stage.gateway.waitForLog({ event: 'exchange', listener: 'mcp' }, mark);
    expect(line).toMatchObject({ verdict: 'warn', action: 'passed' });
  });
});
