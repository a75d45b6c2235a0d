// Texts of pipelock.yaml, sound and broken, through the reader and into a policy.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ConfigError } from '../../control/config/problem.ts';
import { readConfig } from '../../control/config/read.ts';
import { buildPolicy } from '../../control/policy/build.ts';
import type { Pool, Target } from './target.ts';
import { TextArbitrary } from './text.ts';

const cases = join(import.meta.dirname, '../../control/cases');
/** What the first inputs are made of: the configurations of control/cases, and what YAML has beside them. */
const seeds: Pool = [
  ...readdirSync(cases).map((name) => readFileSync(join(cases, name, 'pipelock.yaml'), 'utf8')),
  'mode: strict\napi_allowlist: &hosts [a.example, "*.b.example"]\ntrusted_domains: *hosts\n',
  'adaptive_enforcement: { enabled: true, levels: { high: { block_all: true } } }\nsession_profiling: { enabled: true }\n',
  'dlp: { patterns: [{ name: a, regex: "[a-z]{3}", severity: low }] }\n<<: { mode: audit }\n',
  '? [a, b]\n: |\n  text\n--- # another\n!!binary aGk=\n...\n',
].map((text) => Buffer.from(text));

/** Bytes of message for each problem, and problems for each byte of text, that somebody still reads. */
const maxProblemBytes = 2000;
/** A text of some thousand bytes; a slow machine takes a tenth of it. */
const maxMilliseconds = 5000;

/** Texts of pipelock.yaml: a policy comes of them, or problems that each say where and what to do. */
export class ConfigTarget implements Target<Uint8Array> {
  readonly name = 'config';

  inputs(pool: Pool): fc.Arbitrary<Uint8Array> {
    return fc.oneof(
      { weight: 5, arbitrary: new TextArbitrary(seeds, 6000) },
      { weight: 1, arbitrary: new TextArbitrary([...seeds, ...pool], 6000) },
    );
  }

  textsOf(text: Uint8Array): readonly Uint8Array[] {
    return [text];
  }

  async check(bytes: Uint8Array): Promise<Iterable<string>> {
    const text = Buffer.from(bytes).toString();
    const began = performance.now();
    const reached = read(text);
    if (performance.now() - began > maxMilliseconds) throw new Error(`it took ${performance.now() - began} ms`);
    // How far a parser gets on its stack is not the same each time.
    const isAgain = reached.includes('too-deep') || JSON.stringify(read(text)) === JSON.stringify(reached);
    if (!isAgain) throw new Error('the second time it is something else');
    return reached;
  }
}

/** The codes of the problems, or `policy`. */
function read(text: string): string[] {
  try {
    const { config } = readConfig(text, 'pipelock.yaml');
    buildPolicy(config, [], {
      listen: { address: '127.0.0.1', port: 8888 },
      mcpListen: { address: '127.0.0.1', port: 8889 },
      mcpUpstream: undefined,
      upstreamCaFile: '',
    });
    return [`policy ${config.mode}`];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = text.split(/\r\n|\r|\n/);
    for (const { line, column, message, remedy } of error.problems) {
      if (line < 1 || line > lines.length + 1 || column < 1) throw new Error(`a problem at ${line}:${column}`);
      if (message === '' || remedy === '') throw new Error('a problem without a word');
      if (message.length + remedy.length > maxProblemBytes)
        throw new Error(`a problem of ${message.length} characters`);
    }
    if (error.problems.length === 0) throw new Error('an error without a problem');
    return [...new Set(error.problems.map(({ code }) => code))].sort();
  }
}
