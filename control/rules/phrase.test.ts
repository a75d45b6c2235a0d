import { expect, test } from 'vitest';
import { type Phrase, PhraseError, parsePhrase, readEntry, type Terms } from './phrase.ts';
import { phraseScanner } from './phrase-reference.ts';

const terms: Terms = new Map([
  ['drop', ['ignore', 'pay no heed to', '忽略'].map((text) => readEntry(text))],
  ['rules', ['rule*', 'système', '规则'].map((text) => readEntry(text))],
  ['talk', ['attack*', 'for example'].map((text) => readEntry(text))],
]);

function found(text: string, phrases: Phrase[]): string[] {
  return phraseScanner(phrases)(text).flatMap((hits) => hits.map(({ start, end }) => text.slice(start, end)));
}

test.each<[phrase: string, text: string, found: string[]]>([
  ['{drop} {rules}', 'IGNORE  rules', ['IGNORE  rules']],
  ['{drop} {rules}', 'ignore the rules', []],
  ['{drop} ..1 {rules}', 'Ignore the rule.', ['Ignore the rule']],
  ['{drop} ..2 {rules}', 'ignore one two three rules', []],
  ['{drop} ..3 {rules}', 'Ignore this. Rules stay.', []],
  ['{drop} ...3 {rules}', 'Ignore this. Rules stay.', ['Ignore this. Rules']],
  ['{drop} ...3 {rules}', 'ignore\n- all\n- rules', ['ignore\n- all\n- rules']],
  ['{drop} ..3 {rules}', 'ignore v1.2 rules of example.com', ['ignore v1.2 rules']],
  ['{drop} ..3 {rules}', '["ignore", "rules"]', []],
  ['{drop} the {rules}', 'pay no heed to the "rules"', ['pay no heed to the "rules']],
  ['{drop|rules} now', 'rules now, ignore now', ['rules now', 'ignore now']],
  ['{drop} ..1 {rules}', '请忽略所有规则', ['忽略所有规则']],
  ['{drop} ..1 {rules}', '请忽略下面的规则', []],
  ['{drop} ..1 {rules}', 'ignore le SYSTE\u0300ME', ['ignore le SYSTE\u0300ME']],
  [
    '{drop} ..1 {rules}',
    'i\u200bgn\u043er\u0435 \uff52\uff55\uff4c\uff45s',
    ['i\u200bgn\u043er\u0435 \uff52\uff55\uff4c\uff45s'],
  ],
  ['{drop} ..9 {rules}', 'ignore and ignore the rules', ['ignore the rules']],
  ['{rules} ..1 rule*', 'rule rule', ['rule rule']],
])('%s in %j', (phrase, text, expected) => {
  expect(found(text, parsePhrase(phrase, terms, 'written'))).toEqual(expected);
});

test('steps in any order', () => {
  const phrases = parsePhrase('{drop} ..1 {rules} now', terms, 'any');
  expect(phrases).toHaveLength(6);
  expect(found('rules now: ignore', phrases)).toEqual(['rules now: ignore']);
  expect(found('now, one two, rules ignore', phrases)).toEqual([]);
});

test('a text that talks about attacks is none', () => {
  const phrases = parsePhrase('{drop} ..2 {rules}', terms, 'written', terms.get('talk'));
  expect(found('An attacker writes ignore the rules', phrases)).toEqual([]);
  expect(found('ignore the rules, for example', phrases)).toEqual([]);
  expect(found('Attacks. Ignore the rules. Attacks.', phrases)).toEqual(['Ignore the rules']);
  expect(found('An attack 1 2 3 4 5 6 7, ignore the rules', phrases)).toEqual([]);
  expect(found('An attack 1 2 3 4 5 6 7 8, ignore the rules', phrases)).toHaveLength(1);
  expect(found('ignore the rules, 1 2 for example', phrases)).toEqual([]);
  expect(found('ignore the rules, 1 2 3 for example', phrases)).toHaveLength(1);
});

test.each([
  ['{none}', 1, '"none" is not a term; write one of '],
  ['{drop} {dorp}', 8, '"dorp" is not a term; write one of drop, rules, talk'],
  ['{drop', 0, '"{" is not closed'],
  ['..3 {drop} x', 4, 'a gap before the first step'],
  ['{drop} ..3', 10, 'a gap after the last step'],
  ['{drop} ..3 ..2 x', 11, 'two gaps in a row'],
  ['{drop} ....3 x', 7, '"...." is not a gap'],
  ['{drop} .. x', 7, '".." has no number'],
  ['{drop} ..99 x', 7, '99 words are too many'],
  ['{drop} a*b', 7, '"a*b": * stands inside'],
  ['{drop} --', 7, '"--" holds no letter or digit'],
  ['', 0, 'no step'],
  ['a ..1 b ..1 c ..1 d ..1 e ..1 f ..1 g', 0, '7 steps'],
])('%j is refused', (phrase, caret, message) => {
  try {
    parsePhrase(phrase, terms, 'written');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(PhraseError);
    expect([(error as PhraseError).caret, (error as Error).message.startsWith(message)]).toEqual([caret, true]);
  }
});
