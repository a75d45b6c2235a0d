// What is refused at template time is refused by `penstock check` too, with the same words and with a place in the file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError, type Problem } from '../../control/config/problem.ts';
import type { Values } from '../../control/values/chart.ts';
import { checkValues, looksLikeValues } from '../../control/values/read.ts';
import { charts } from './golden.ts';
import { type ChartName, template, valuesFiles } from './helm.ts';

interface Refusal {
  name: string;
  chart: ChartName;
  values: Values;
  /** Said by both. */
  says?: string[];
  /** In Helm's own words. */
  helm?: string;
  check?: string[];
}

const refusals = parse(readFileSync(join(import.meta.dirname, 'refusals.yaml'), 'utf8')) as Refusal[];

function problemsOf(text: string): Problem[] {
  try {
    checkValues(text, 'values.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

const said = ({ key, message, remedy }: Problem) =>
  `${key === '' ? '' : `${key}: `}${message}${remedy === '' ? '' : `; ${remedy}`}`;

describe.each(refusals)('$name', ({ chart, values, says, helm, check }) => {
  test('Helm refuses', async () => {
    const { code, stderr } = await template(chart, values);
    expect(code).toBe(1);
    if (helm !== undefined) expect(stderr).toContain(helm);
    const lines = stderr.split('\n').filter((line) => !/^(Error:|(?:walk|coalesce)\.go|Use --debug|$)/.test(line));
    if (says) expect(lines).toEqual(says);
  });

  test('penstock check refuses', () => {
    const problems = problemsOf(JSON.stringify(values));
    expect(problems.map(said).sort()).toEqual([...(says ?? check ?? [])].sort());
  });
});

test("the seed's two commands", async () => {
  const set = (...pairs: string[]) => pairs.flatMap((pair) => ['--set', pair]);
  const assistant = 'rails.externalAssistant.enabled=true';
  const required = 'pipelock.requireForExternalAssistant=true';
  const refused = await template('sure', {}, ...set(assistant, 'pipelock.enabled=false', required));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    'pipelock.requireForExternalAssistant is true but pipelock.enabled is false. Enable pipelock (pipelock.enabled=true) when using rails.externalAssistant, or set pipelock.requireForExternalAssistant=false.',
  );
  expect((await template('sure', {}, ...set(assistant, 'pipelock.enabled=true', required))).code).toBe(0);
});

test('a problem points at its line and column', () => {
  const text =
    'rails:\n  externalAssistant:\n    enabled: yes\n  extraEnv:\n    MCP_API_TOKEN: abc\npipelock:\n  modes: strict\n';
  expect(problemsOf(text).map(({ line, column }) => [line, column])).toEqual([
    [3, 14],
    [5, 20],
  ]);
  expect(problemsOf('pipelock:\n  enabled: true\n  modes: strict\n').map(({ line, column }) => [line, column])).toEqual(
    [[3, 3]],
  );
});

test('what the gateway would refuse at its start is said at the value that it comes from', () => {
  const problems = problemsOf(
    'pipelock:\n  enabled: true\n  trustedDomains: ["http://x"]\n  extraConfig:\n    modes: 1\n',
  );
  expect(problems.map(({ line, column, key }) => [line, column, key])).toEqual([
    [3, 20, 'pipelock.trustedDomains[0]'],
    [5, 5, 'pipelock.extraConfig.modes'],
  ]);
});

test('what Helm renders, penstock check accepts, but for what the gateway does not honour yet', () => {
  for (const { name, path } of charts.flatMap(valuesFiles)) {
    const codes = problemsOf(readFileSync(path, 'utf8')).map(({ code, key }) =>
      key.startsWith('pins') ? 'not-honoured' : code,
    );
    expect({
      name,
      codes: codes.filter((code) => code !== 'not-honoured' && !(name === '08-extra-config' && code === 'unknown-key')),
    }).toEqual({ name, codes: [] });
  }
});

test('values and pipelock.yaml are told apart', () => {
  expect(looksLikeValues('pipelock: {enabled: true}')).toBe(true);
  expect(looksLikeValues('rails: {}')).toBe(true);
  expect(looksLikeValues('mode: strict\nforwardProxy: {port: 1}')).toBe(true);
  expect(looksLikeValues('mode: strict\nforward_proxy: {enabled: true}')).toBe(false);
  expect(looksLikeValues('mode: strict')).toBe(false);
  expect(looksLikeValues('')).toBe(false);
});
