/** What is wrong with dlp.patterns and response_scanning.patterns, each problem with the character of the pattern that it is about. */
import type { KeyComplaint } from '../config/explain.ts';
import type { Config } from '../config/schema.ts';
import { customRule, customRuleId, responseRule } from '../rules/custom.ts';
import { exactRuleIds } from '../rules/exact.ts';
import { fromRe2, Re2Error } from '../rules/re2.ts';
import type { Rule } from '../rules/rule.ts';
import { planRule } from './plan.ts';

interface Written {
  name: string;
  regex: string;
}

/** Complaints about the patterns of a configuration, in their order. */
export function checkPatterns({ dlp, response_scanning }: Config): KeyComplaint[] {
  return [
    ...dlp.patterns.flatMap((entry, i) => check(dlp.patterns, i, 'dlp', () => customRule(entry, ''))),
    ...response_scanning.patterns.flatMap((entry, i) =>
      check(response_scanning.patterns, i, 'response', () => responseRule(entry, '')),
    ),
  ];
}

const sections = { dlp: 'dlp', response: 'response_scanning' } as const;

function check(
  patterns: readonly Written[],
  i: number,
  category: 'dlp' | 'response',
  ruleOf: () => Rule,
): KeyComplaint[] {
  const { name, regex } = patterns[i]!;
  const section = sections[category];
  const complain = (key: string, rest: Omit<KeyComplaint, 'path' | 'on'>): KeyComplaint[] => [
    { path: [section, 'patterns', i, key], on: 'value', ...rest },
  ];
  const id = customRuleId(name, category);
  const first = patterns.findIndex((other) => customRuleId(other.name, category) === id);
  const named =
    id === `${category}.`
      ? complain('name', { code: 'not-allowed', message: 'no ASCII letter and no digit', remedy: 'write some' })
      : first < i
        ? complain('name', {
            code: 'duplicate-name',
            message: `${section}.patterns[${first}] has this name too, as ${id}`,
            remedy: 'give it another',
          })
        : exactRuleIds.includes(id)
          ? complain('name', { code: 'duplicate-name', message: `${id} is a rule`, remedy: 'give it another name' })
          : [];
  const complaint = regexComplaint(regex, ruleOf);
  return [...named, ...(complaint ? complain('regex', { code: 'bad-regex', ...complaint }) : [])];
}

function regexComplaint(
  regex: string,
  ruleOf: () => Rule,
): Pick<KeyComplaint, 'message' | 'remedy' | 'offset'> | undefined {
  try {
    const planned = planRule(ruleOf(), new Uint8Array(16));
    if (!('problem' in planned)) return undefined;
    const { message, remedy, caret } = planned.problem;
    if (caret === undefined) return { message, remedy };
    const { origins } = fromRe2(regex);
    return { message, remedy, offset: origins[caret] ?? regex.length };
  } catch (error) {
    if (!(error instanceof Re2Error)) throw error;
    const { message, remedy, offset } = error;
    return { message, remedy, offset };
  }
}
