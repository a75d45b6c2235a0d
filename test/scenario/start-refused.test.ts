import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Finished, penstock } from '../harness/command.ts';
import { freePorts, Gateway } from '../harness/gateway.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-refused-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const okay = 'mode: balanced\ntls_interception:\n  enabled: true\nforward_proxy:\n  enabled: true\n';

/** `penstock run` with a configuration text, in the folder. */
async function run(
  configuration: string,
  options: { env?: NodeJS.ProcessEnv; listen?: string; mcpListen?: string } = {},
): Promise<Finished> {
  const config = join(folder, 'pipelock.yaml');
  writeFileSync(config, configuration);
  const [proxy, mcp] = await freePorts(2);
  const args = [
    ...['run', '--config', config, '--state-dir', join(folder, 'state')],
    ...['--listen', options.listen ?? `127.0.0.1:${proxy}`, '--mcp-listen', options.mcpListen ?? `127.0.0.1:${mcp}`],
  ];
  const finished = await penstock(args, { cwd: folder, env: options.env ?? {} });
  if (options.listen === undefined) expect(await isOpen(proxy!), 'nothing listens').toBe(false);
  return finished;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The lines of a refusal: one for each problem, nothing else. */
function linesOf({ stdout, stderr }: Finished): string[] {
  return `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
}

describe('a bad pipelock.yaml', () => {
  const bad = 'mode: balanced\nrequest_body_scanning:\n  action: deny\n  max_body_byte: 1000\n';

  test('is refused with line, column, caret and suggestion, exit code 2, and nothing is started', async () => {
    const finished = await run(bad);
    expect(finished.exit).toBe(2);
    expect(finished.stderr).toContain('pipelock.yaml:3:11: request_body_scanning.action: "deny" is not an action');
    expect(finished.stderr).toMatch(
      /pipelock\.yaml:4:3: request_body_scanning\.max_body_byte: unknown key; did you mean max_body_bytes\?/,
    );
    expect(finished.stderr).toMatch(/^\s*(\d+ *\| *)?.*action: deny.*\n\s*(\| *)?\^/m);
    expect(existsSync(join(folder, 'state/ca.key')), 'a CA was made').toBe(false);
  });

  test('check reports the same', async () => {
    const config = join(folder, 'pipelock.yaml');
    writeFileSync(config, bad);
    const checked = await penstock(['check', config], { cwd: folder });
    expect(checked.exit).toBe(2);
    const text = checked.stderr + checked.stdout;
    expect(text).toContain(':3:11: request_body_scanning.action');
    expect(text).toContain('did you mean max_body_bytes?');
  });

  test('check says nothing bad of a good one', async () => {
    const config = join(folder, 'pipelock.yaml');
    writeFileSync(config, okay);
    expect((await penstock(['check', config], { cwd: folder })).exit).toBe(0);
  });

  test('text that is no YAML is refused with its place', async () => {
    const finished = await run('mode: balanced\n  bad: [1, 2\n');
    expect(finished.exit).toBe(2);
    expect(finished.stderr).toMatch(/pipelock\.yaml:[23]:\d+: /);
  });

  test('a file that is not there is one line', async () => {
    const finished = await penstock(
      ['run', '--config', join(folder, 'nowhere.yaml'), '--state-dir', join(folder, 'state')],
      { cwd: folder },
    );
    expect(finished.exit).toBe(2);
    expect(linesOf(finished)).toEqual([expect.stringContaining('nowhere.yaml')]);
  });
});

describe('what stands around it', () => {
  test.each(['listen', 'mcpListen'] as const)('a port in use, %s', async (option) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    try {
      const finished = await run(okay, { [option]: `127.0.0.1:${port}` });
      expect(finished.exit).toBeGreaterThan(0);
      expect(linesOf(finished)).toEqual([expect.stringMatching(new RegExp(`${port}.*(in use|taken)`))]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('a missing Envoy', async () => {
    const finished = await run(okay, { env: { ENVOY_PATH: join(folder, 'no-envoy') } });
    expect(finished.exit).toBeGreaterThan(0);
    expect(linesOf(finished)).toEqual([expect.stringMatching(/no-envoy.*; /)]);
  });

  test('an Envoy that is too old', async () => {
    const old = join(folder, 'old-envoy');
    writeFileSync(
      old,
      '#!/bin/sh\necho\necho "old-envoy  version: 0123456789abcdef0123456789abcdef01234567/1.37.2/Clean/RELEASE/BoringSSL"\n',
    );
    chmodSync(old, 0o755);
    const finished = await run(okay, { env: { ENVOY_PATH: old } });
    expect(finished.exit).toBeGreaterThan(0);
    expect(linesOf(finished)).toEqual([expect.stringMatching(/1\.37\.2.*1\.40/)]);
  });

  test('a CA key that others may read, and one that is no key', async () => {
    const gateway = await Gateway.start({ configuration: okay, stateDir: stateWith({}) });
    await gateway.stop();
    const key = join(folder, 'state', 'ca.key');
    chmodSync(key, 0o644);
    const open = await run(okay);
    expect(open.exit).toBeGreaterThan(0);
    expect(linesOf(open)).toEqual([expect.stringMatching(/ca\.key.*0?644.*0?600/)]);
    writeFileSync(key, 'no key at all\n');
    chmodSync(key, 0o600);
    const nonsense = await run(okay);
    expect(nonsense.exit).toBeGreaterThan(0);
    expect(linesOf(nonsense)).toEqual([expect.stringContaining('ca.key')]);
  });

  function stateWith(files: Record<string, string>): string {
    const state = join(folder, 'state');
    mkdirSync(state);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(state, name), text, { mode: 0o600 });
    return state;
  }
});

test('an option that is not known is refused with a suggestion', async () => {
  const finished = await penstock(['run', '--lisen', '127.0.0.1:1'], { cwd: folder });
  expect(finished.exit).toBe(2);
  expect(finished.stderr).toMatch(/--listen/);
});
