/** What is wrong with dlp.patterns, each problem with the character of the pattern that it is about. */
import type { KeyComplaint } from '../config/explain.ts';
import type { Config } from '../config/schema.ts';
import { type CustomPattern, customRule, customRuleId, customValidators } from '../rules/custom.ts';
import { exactRuleIds } from '../rules/exact.ts';
import { fromRe2, Re2Error } from '../rules/re2.ts';
import { planRule } from './plan.ts';

/** Complaints about the patterns of a configuration, in their order. */
export function checkPatterns({ dlp }: Config): KeyComplaint[] {
  return dlp.patterns.flatMap((entry, i) => {
    const id = customRuleId(entry.name);
    const first = dlp.patterns.findIndex(({ name }) => customRuleId(name) === id);
    const complain = (key: string, rest: Omit<KeyComplaint, 'path' | 'on'>): KeyComplaint[] => [
      { path: ['dlp', 'patterns', i, key], on: 'value', ...rest },
    ];
    const named =
      id === 'dlp.'
        ? complain('name', { code: 'not-allowed', message: 'no ASCII letter and no digit', remedy: 'write some' })
        : first < i
          ? complain('name', {
              code: 'duplicate-name',
              message: `dlp.patterns[${first}] has this name too, as ${id}`,
              remedy: 'give it another',
            })
          : exactRuleIds.includes(id)
            ? complain('name', { code: 'duplicate-name', message: `${id} is a rule`, remedy: 'give it another name' })
            : [];
    const validated =
      entry.validator && !customValidators[entry.validator]
        ? complain('validator', {
            code: 'not-honoured',
            message: `${entry.validator} is not honoured yet`,
            remedy: 'remove it, and the pattern alone decides',
          })
        : [];
    const regex = regexComplaint(entry);
    return [...named, ...validated, ...(regex ? complain('regex', { code: 'bad-regex', ...regex }) : [])];
  });
}

function regexComplaint(entry: CustomPattern): Pick<KeyComplaint, 'message' | 'remedy' | 'offset'> | undefined {
  try {
    const planned = planRule(customRule(entry, ''), new Uint8Array(16));
    if (!('problem' in planned)) return undefined;
    const { message, remedy, caret } = planned.problem;
    if (caret === undefined) return { message, remedy };
    const { origins } = fromRe2(entry.regex);
    return { message, remedy, offset: origins[caret] ?? entry.regex.length };
  } catch (error) {
    if (!(error instanceof Re2Error)) throw error;
    const { message, remedy, offset } = error;
    return { message, remedy, offset };
  }
}
