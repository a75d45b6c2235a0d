import { expect, test } from 'vitest';
import { readConfig } from '../config/read.ts';
import type { Rule } from '../rules/rule.ts';
import { buildPolicy } from './build.ts';
import { type Surface, surfaces, type Verdict } from './policy.ts';

const ids = ['credential.a.b', 'financial.a.b', 'injection.a.b', 'tool-poison.a.b', 'dlp.own'];

/** Verdict on a finding of high confidence, and of low, for a rule on a surface. */
function verdicts(text: string, id: string, surface: Surface): [Verdict, Verdict] {
  const hosts = text.startsWith('mode: strict') ? 'api_allowlist: [api.example.com]\n' : '';
  const { config } = readConfig(text + hosts, 'pipelock.yaml');
  const policy = buildPolicy(
    config,
    ids.map((id) => ({ id }) as Rule),
    {
      listen: { address: '127.0.0.1', port: 8888 },
      mcpListen: { address: '127.0.0.1', port: 8889 },
      mcpUpstream: undefined,
      upstreamCaFile: '',
    },
  );
  const { high, low } = policy.ruleVerdicts.get(id)!;
  const at = surfaces.indexOf(surface);
  return [high[at]!, low[at]!];
}

test.each(['strict', 'balanced', 'audit'])('injection says nothing of what a user sends, in mode %s', (mode) => {
  for (const surface of ['url', 'header', 'request-body'] as const)
    expect(verdicts(`mode: ${mode}\n`, 'injection.a.b', surface)).toEqual(['allow', 'allow']);
});

test('tool poisoning is looked for in tool definitions alone', () => {
  for (const surface of surfaces)
    if (surface !== 'mcp-tool')
      expect(verdicts('mode: strict\n', 'tool-poison.a.b', surface), surface).toEqual(['allow', 'allow']);
});

test('the mode decides on MCP answers and arguments', () => {
  for (const surface of ['mcp-response', 'mcp-request'] as const) {
    expect(verdicts('mode: strict\n', 'injection.a.b', surface)).toEqual(['block', 'block']);
    expect(verdicts('mode: balanced\n', 'injection.a.b', surface)).toEqual(['block', 'warn']);
    expect(verdicts('mode: audit\n', 'injection.a.b', surface)).toEqual(['warn', 'warn']);
  }
});

test('an action of mcp_input_scanning wins over the mode, but not over audit', () => {
  const section = 'mcp_input_scanning: { action: block }\n';
  expect(verdicts(`mode: balanced\n${section}`, 'injection.a.b', 'mcp-request')).toEqual(['block', 'block']);
  expect(verdicts(`mode: audit\n${section}`, 'injection.a.b', 'mcp-request')).toEqual(['warn', 'warn']);
  const off = 'mcp_input_scanning: { enabled: false }\n';
  expect(verdicts(`mode: strict\n${off}`, 'injection.a.b', 'mcp-request')).toEqual(['allow', 'allow']);
});

test('a secret in a tool definition is one in an answer, whatever is said of tool scanning', () => {
  for (const id of ['credential.a.b', 'financial.a.b', 'dlp.own'])
    expect(verdicts('mode: balanced\n', id, 'mcp-tool')).toEqual(verdicts('mode: balanced\n', id, 'mcp-response'));
});
