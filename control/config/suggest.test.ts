import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allKeys, anyName, namesAt } from './keys.ts';
import { ConfigError, formatKey } from './problem.ts';
import { readConfig } from './read.ts';
import { editDistance, suggest } from './suggest.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', 'abd', 1],
  ['abc', 'acb', 1],
  ['abc', 'ab', 1],
  ['ab', 'abc', 1],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
])('from %j to %j', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});

test.each<[string[], string, string]>([
  [['request_body_scanning'], 'max_body_byte', 'did you mean max_body_bytes?'],
  [['request_body_scanning'], 'maxBodyBytes', 'did you mean max_body_bytes?'],
  [['request_body_scanning'], 'window_size', 'move it: window_size belongs under tool_chain_detection'],
  [['ssrf'], 'mode', 'move it: mode belongs under no section'],
  [[], 'arg_pattern', 'move it: arg_pattern belongs under mcp_tool_policy.rules[]'],
  [['ssrf'], 'colour', 'remove it, or write one of ip_allowlist'],
  [[], 'colour_of_the_sky', 'remove it'],
  [[], 'x'.repeat(500_000), 'remove it'],
])('under %j', (path, unknown, remedy) => {
  expect(suggest(path, unknown)).toBe(remedy);
});

test('one wrong letter in any key gets a suggestion', () => {
  const keys = allKeys();
  const slip = fc.record({
    key: fc.constantFrom(...keys),
    at: fc.nat(),
    letter: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz_'),
    kind: fc.constantFrom('replace', 'insert', 'remove', 'swap'),
  });
  fc.assert(
    fc.property(slip, ({ key, at, letter, kind }) => {
      const name = String(key.at(-1));
      const i = at % name.length;
      const misspelt =
        kind === 'replace'
          ? name.slice(0, i) + letter + name.slice(i + 1)
          : kind === 'insert'
            ? name.slice(0, i) + letter + name.slice(i)
            : kind === 'remove'
              ? name.slice(0, i) + name.slice(i + 1)
              : name.slice(0, i) + (name[i + 1] ?? '') + name[i] + name.slice(i + 2);
      const parent = key.slice(0, -1);
      fc.pre(misspelt !== '' && !namesAt(parent)!.includes(misspelt));

      // The misspelt key in a file, with what leads to it.
      const steps = [...parent, misspelt].map((step) => (step === anyName ? 'some_name' : step));
      const value = steps.reduceRight<unknown>(
        (inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }),
        1,
      );
      try {
        readConfig(JSON.stringify(value), 'pipelock.yaml');
        expect.unreachable('the misspelt key was taken');
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const problem = error.problems.find((each) => each.code === 'unknown-key');
        expect(problem).toMatchObject({ key: formatKey(steps) });
        expect(problem!.remedy).toMatch(/^did you mean \w+\?$|^move it: /);
      }
    }),
    { numRuns: 600 },
  );
});
