import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCached } from '../../control/compile/cache.ts';
import { compile } from '../../control/compile/compile.ts';
import { readConfig } from '../../control/config/read.ts';
import { buildPolicy } from '../../control/policy/build.ts';
import { customRule } from '../../control/rules/custom.ts';
import { exactRules, secretsFileRuleId } from '../../control/rules/exact.ts';
import { readRules } from '../../control/rules/read.ts';
import type { Rule } from '../../control/rules/rule.ts';
import { Scanner } from '../rules/scanner.ts';
import { chat } from './clean-text.ts';
import { median } from './figures.ts';
import { Seeded } from './random.ts';
import { atMost, figure, type Part, type Report } from './report.ts';
import { measure } from './speed.ts';

const maxBytes = 2 ** 20;
const maxCompileMillis = 10_000;
const maxLoadMillis = 20;
const loads = 15;
const valueLetters = 'abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789_-';

/** What users add to our rules: patterns as they write them, and values of a secrets file. */
function rulesWith(patterns: number, shapes: number, values: number): Rule[] {
  const random = new Seeded(7);
  const custom = (name: string, regex: string) => customRule({ name, regex, exempt_domains: [] }, 'bench');
  return [
    ...readRules(),
    ...Array.from({ length: patterns }, (_, i) =>
      custom(
        `pattern ${i}`,
        `(?i)\\b${random.letters(5)}[_-]?(?:key|id)\\s*[:=]\\s*["']?[a-z0-9]{${12 + (i % 20)}}\\b`,
      ),
    ),
    ...Array.from({ length: shapes }, (_, i) => custom(`shape ${i}`, `\\b[A-Z]{${1 + i}}-?\\d{${4 + i}}[A-Z]?\\b`)),
    ...exactRules(
      secretsFileRuleId,
      '',
      Array.from({ length: values }, () => Buffer.from(random.letters(random.integer(8, 48), valueLetters))),
    ),
  ];
}

function policyOf(rules: readonly Rule[]) {
  return buildPolicy(readConfig('mode: balanced', 'bench').config, rules, {
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    mcpUpstream: undefined,
    upstreamCaFile: '',
  });
}

function millisOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

export const table: Part = {
  name: 'table',
  about: 'the table: how long it takes to make and to load, its size, and what rules of a user cost the scanner',
  needsIsolation: false,
  async run(): Promise<Report[]> {
    const sets: [name: string, rules: Rule[]][] = [
      ['our rules', rulesWith(0, 0, 0)],
      ['and 50 patterns', rulesWith(50, 0, 0)],
      ['and 4 patterns without fixed bytes', rulesWith(0, 4, 0)],
      ['and 20 exact values', rulesWith(0, 0, 20)],
      ['and 1,000 exact values', rulesWith(0, 0, 1000)],
    ];
    const rows: Report['rows'] = [];
    for (const [name, rules] of sets) {
      const policy = policyOf(rules);
      const directory = mkdtempSync(join(tmpdir(), 'penstock-bench-'));
      let bytes: Uint8Array = new Uint8Array();
      const compileMillis = millisOf(() => {
        bytes = compile(rules, policy).table;
      });
      compileCached(rules, policy, directory);
      const cacheMillis = millisOf(() => compileCached(rules, policy, directory));
      rmSync(directory, { recursive: true });
      const scanner = await Scanner.load(bytes);
      const loadMillis = median(Array.from({ length: loads }, () => millisOf(() => scanner.loadTable(bytes))));
      const [speed] = await measure(new Map([['chat', chat(10_000)]]), bytes);
      rows.push(
        { cells: [name, 'compile, ms', figure(compileMillis, 0)], bar: atMost(compileMillis, maxCompileMillis, 'ms') },
        { cells: ['', 'from the cache, ms', figure(cacheMillis, 1)] },
        { cells: ['', 'load, ms', figure(loadMillis, 2)], bar: atMost(loadMillis, maxLoadMillis, 'ms') },
        { cells: ['', 'size, bytes', figure(bytes.length, 0)], bar: atMost(bytes.length, maxBytes, 'bytes') },
        { cells: ['', 'chat request, 10 KB, MB/s', figure(speed!.best, 0)] },
      );
    }
    return [{ title: 'the table, by what is in it', columns: ['rules', 'of', 'is'], rows }];
  },
};
