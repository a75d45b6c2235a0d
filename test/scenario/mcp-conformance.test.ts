// The official conformance suite for MCP servers (@modelcontextprotocol/conformance): through 8889 it says of a server what
// it says of it directly.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveConformance } from '../conformance/server.ts';
import { checkout } from '../harness/command.ts';
import { Gateway } from '../harness/gateway.ts';

const suite = join(checkout, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

const configuration =
  'mode: balanced\nmcp_session_binding: { enabled: true }\ntool_chain_detection: { enabled: true }\n';

let server: Awaited<ReturnType<typeof serveConformance>>;
let gateway: Gateway;

beforeAll(async () => {
  server = await serveConformance();
  gateway = await Gateway.start({ configuration, mcpUpstream: server.url });
}, 120_000);

afterAll(async () => {
  await gateway?.stop();
  server?.close();
});

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

/** Each check of each scenario of the suite, and what came of it. */
async function run(url: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-conformance-'));
  try {
    const output = await new Promise<string>((settle) =>
      execFile(
        process.execPath,
        [suite, 'server', '--url', url, '--output-dir', folder],
        { cwd: folder, timeout: 150_000, maxBuffer: 2 ** 24 },
        (_, out, err) => settle(`${out}${err}`),
      ),
    );
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('checks.json'),
    );
    if (files.length === 0) throw new Error(`the suite left no result\n${output}`);
    return files
      .flatMap((file) => {
        const scenario = file.replace(/-\d{4}-\d\d-.*/s, '');
        const checks = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Check[];
        return checks.map(({ id, status, errorMessage = '' }) => `${scenario} ${id}: ${status} ${errorMessage}`.trim());
      })
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('every check has the same result through 8889 as directly', { timeout: 360_000 }, async () => {
  const direct = await run(server.url);
  const through = await run(`${gateway.mcpUrl}/mcp`);
  expect(direct.filter((line) => !line.includes(': SUCCESS') && !line.includes(': INFO'))).toEqual([]);
  expect(through).toEqual(direct);
  expect(direct.length).toBeGreaterThanOrEqual(40);
});
