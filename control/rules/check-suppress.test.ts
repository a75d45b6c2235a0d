import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { checkSuppress } from './check-suppress.ts';
import { readRules } from './read.ts';
import type { Rule } from './rule.ts';

const complaints = (rule: string, rulesOf = (): Rule[] => readRules()) =>
  checkSuppress(configSchema.parse({ suppress: [{ rule, path: 'a.example' }] }), rulesOf);

test.each(['credential.github.token', 'dlp.secrets-file', 'dlp.environment'])('%s is a rule', (rule) => {
  expect(complaints(rule)).toEqual([]);
});

test('a rule that is not there is refused with the nearest one', () => {
  expect(complaints('credential.github.tokn')).toEqual([
    {
      path: ['suppress', 0, 'rule'],
      on: 'value',
      code: 'not-allowed',
      message: 'no rule in use is called "credential.github.tokn"',
      remedy: 'did you mean credential.github.token?',
    },
  ]);
  expect(complaints('Jailbreak Attempt')[0]!.remedy).toBe('write the rule of a finding, as the log has it');
});

test('rules that cannot be made are complained of elsewhere', () => {
  const broken = () => {
    throw new Error('a pattern');
  };
  expect(complaints('credential.github.tokn', broken)).toEqual([]);
});
