import type { Rule } from './rule.ts';

/**
 * Whether a hit, of a rule with samples, is a card number that a person made up and none of the samples: the twin of
 * filter/finding/sample.ts.
 */
export function isMadeUp(rule: Rule, hit: string): boolean {
  if (rule.samples.length === 0) return false;
  const bare = bareText(hit);
  return (countsOn(bare) || repeats(bare) || hasRow(bare)) && !rule.samples.includes(bare);
}

/** Letters and digits of a text, without what stands between them. */
export function bareText(text: string): string {
  return text.replace(/[^0-9A-Za-z]/g, '');
}

/** Whether two digits in three are one more or less than the one before, or the same. */
function countsOn(digits: string): boolean {
  const steps = [...digits].filter((digit, at) => {
    const step = (Number(digit) + 10 - Number(digits[at - 1])) % 10;
    return step <= 1 || step === 9;
  });
  return steps.length * 3 >= (digits.length - 1) * 2;
}

/** Whether the digits repeat every two, three or four, but for four of them at most. */
function repeats(digits: string): boolean {
  return [2, 3, 4].some((lag) => {
    const same = [...digits].filter((digit, at) => at >= lag && digit === digits[at - lag]);
    return same.length + 4 >= digits.length - lag;
  });
}

/** Whether a printed group of the account's digits, which begin at the ninth, is one digit four times, not zero. */
function hasRow(digits: string): boolean {
  return /^[0-9]{8}(?:[0-9]{4})*?([1-9])\1{3}/.test(digits);
}
