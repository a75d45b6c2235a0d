import { expect, test } from 'vitest';
import { ConfigError, formatProblem } from '../config/problem.ts';
import { readConfig } from '../config/read.ts';
import { fromRe2 } from '../rules/re2.ts';
import { checkPatterns } from './check-patterns.ts';
import { parsePatterns, toRegExp } from './pattern.ts';

/** The text as a rule's pattern, as RegExps over bytes. */
function finds(re2: string, text: string): boolean {
  const bytes = Buffer.from(text).toString('latin1');
  return parsePatterns(fromRe2(re2).pattern).some((pattern) => toRegExp(pattern).test(bytes));
}

test.each<[re2: string, found: string[], missed: string[]]>([
  ['ACME-[0-9]{6}', ['x ACME-123456'], ['acme-123456', 'ACME-12345']],
  ['(?i)acme-[a-f]{2}', ['aCmE-Bf'], ['acme-1f']],
  ['acme(?i)-x(?-i)Y', ['acme-XY', 'acme-xY'], ['ACME-XY', 'acme-xy']],
  ['(?i:acme)-(x|y)z', ['ACME-xz'], ['ACME-Xz']],
  ['(?:a(?i)b|c)d-e', ['ABd-e'.replace('A', 'a'), 'Cd-e'], ['CD-e', 'abD-e']],
  ['(?P<team>ops|dev)-(?<n>\\d+?)!', ['ops-12!'], ['ops-!']],
  ['key_(a+?b??){2,3}?c', ['key_aabac'], ['key_c']],
  ['\\bPIN\\b\\s*:\\s*\\b\\d{4}\\b', ['my PIN: 1234.'], ['PINS: 1234', 'PIN: 12345']],
  ['^ID-\\d{4}$', ['ID-1234', '"ID-1234"', 'id=ID-1234&x', 'a\nID-1234\nb'], ['xID-1234', 'ID-12345', 'a/ID-1234']],
  ['(?m)\\AID-\\d{4}\\z', ['ID-1234'], ['xID-1234']],
  ['(?:^|[^0-9A-Z])EMP\\d{3}(?:[^0-9]|$)', ['EMP123', 'xEMP123x', '_EMP123_'], ['1EMP123', 'EMP1234']],
  ['\\bfoo1\\b|bar2', ['foo1', 'xbar2x'], ['xfoo1']],
  ['[[:alpha:]]{3}-[[:^digit:]]x', ['abc-_x'], ['ab1-_x', 'abc-1x']],
  ['[]a-]{3}:key', [']a-:key'], ['b:key']],
  ['[^]a]:key', ['b:key'], ['a:key', ']:key']],
  ['\\Qa.b*c\\E+', ['a.b*cc'], ['axb*c']],
  ['\\x41\\x{42}\\103-\\t\\a', ['ABC-\t\x07'], ['ABC- ']],
  ['{a}]-}{1x', ['{a}]-}{1x'], ['a']],
  ['a.c-key', ['abc-key'], ['a\nc-key']],
  ['(?s)a.c-key', ['a\nc-key'], []],
  ['größe=(?:ä|é)+;', ['größe=äé;'], ['größe=a;']],
  ['\\pass\\d'.replace('\\p', 'p'), ['pass1'], ['pass']],
])('%s', (re2, found, missed) => {
  for (const text of found) expect(finds(re2, text), text).toBe(true);
  for (const text of missed) expect(finds(re2, text), text).toBe(false);
});

/** The problems of a file with this regex in single quotes: without the place, and what the caret stands under. */
function problemsOf(regex: string, rest = ''): string[] {
  const text = `dlp:\n  patterns:\n    - name: one\n      regex: '${regex.replaceAll("'", "''")}'\n${rest}`;
  try {
    readConfig(text, 'p.yaml', [checkPatterns]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => {
      const [head, line, caret] = formatProblem(problem).split('\n') as [string, string, string];
      return `${head.replace(/^.*?: /, '')} @ ${line.slice(caret.indexOf('^'))}`;
    });
  }
  return [];
}

test.each([
  ["it''s-[a-z", "a class without an end; write ] behind it, or \\[ for the sign @ [a-z'"],
  ["it's-(key", "a group without an end; write ) behind it, or \\( for the sign @ (key'"],
  ['key-)x', "a ) that closes nothing; write \\) for the sign @ )x'"],
  [
    'key-(?=x)',
    "it looks ahead or behind; only \\b, ^ and $ may stand at the edges; RE2 has no (?=, (?!, (?<= and (?<! @ (?=x)'",
  ],
  ['key-(?>x)', "no such group; write (…), (?:…), (?P<name>…) or (?i) @ (?>x)'"],
  ['key-(a)\\1', "\\1 is not in the syntax; RE2 has no references; write the text out @ \\1'"],
  ['key-\\pL', "\\p is not in the syntax; write a class of ASCII characters, such as [A-Za-z] or [0-9] @ \\pL'"],
  ['key-[[:foo:]]', /^\[:foo:\] is no class; write one of alnum, .* @ \[:foo:\]\]'$/],
  ['key-[äb]', '"ä" in a class is not ASCII; write such characters as alternatives, (?:ä|ö) @ äb]\''],
  ['key-a{1001}', "a count over 1000; write a smaller one, or none for no bound @ {1001}'"],
  ['key-a**', "a repeat of a repeat; put the inner one into (?:…) @ *'"],
  ['key-\\', "a backslash at the end; write \\\\ for the sign @ \\'"],
  ['x*', /^the pattern matches the empty text; .* @ x\*'$/],
  ['key|', /^the pattern matches the empty text; .* @ key\|'$/],
  ['key-(?:a\\bb|c)', /may stand only at the edges of the pattern; .* @ \\bb\|c\)'$/],
  ['key^x', /may stand only at the edges of the pattern; .* @ \^x'$/],
  ['[A-Z]{5}[0-9]{4}', /^nothing to look for; hold three fixed bytes, or begin with \\b and a letter or digit/],
  ['\\B-key', /\\B/],
  ['key-((a{1000}){1000}){1000}', /^the shortest match has 1000000004 bytes; /],
  ['key-(?:[a-z]{0,500}[0-9a-z]{0,500}){0,500}!', /^needs more than \d+ states; /],
])('%s is refused', (regex, expected) => {
  const [problem, ...others] = problemsOf(regex);
  if (typeof expected === 'string') expect(problem).toBe(`dlp.patterns[0].regex: ${expected}`);
  else expect(problem?.replace('dlp.patterns[0].regex: ', '')).toMatch(expected);
  expect(others).toEqual([]);
});

test('in double quotes the caret stands under the character too', () => {
  const text = 'dlp: { patterns: [{ name: one, regex: "\\\\bkey-\\\\d{4}\\u0041(x" }] }';
  try {
    readConfig(text, 'p.yaml', [checkPatterns]);
    expect.unreachable();
  } catch (error) {
    const [, line, caret] = (error as Error).message.split('\n');
    expect(line!.slice(caret!.indexOf('^'))).toBe('(x" }] }');
  }
});

test('names are looked at, and all problems come at once', () => {
  const rest = [
    '      validator: wif',
    '    - { name: ONE, regex: key-2 }',
    '    - { name: "!!", regex: key-3 }',
    '    - { name: secrets file, regex: "key-4(" }',
    'mode: careful',
  ].join('\n');
  const problems = problemsOf('key-1', rest).map((problem) => problem.replace(/ @ .*/, ''));
  expect(problems).toEqual([
    'dlp.patterns[1].name: dlp.patterns[0] has this name too, as dlp.one; give it another',
    'dlp.patterns[2].name: no ASCII letter and no digit; write some',
    'dlp.patterns[3].name: dlp.secrets-file is a rule; give it another name',
    'dlp.patterns[3].regex: a group without an end; write ) behind it, or \\( for the sign',
    'mode: "careful" is not a mode; write strict, balanced or audit',
  ]);
});

test('patterns for answers are looked at like those of dlp', () => {
  const text = 'response_scanning: { patterns: [{ name: one, regex: key-1 }, { name: ONE, regex: "key-2(" }] }';
  try {
    readConfig(text, 'p.yaml', [checkPatterns]);
    expect.unreachable();
  } catch (error) {
    expect((error as ConfigError).problems.map(({ key, message }) => `${key}: ${message}`)).toEqual([
      'response_scanning.patterns[1].name: response_scanning.patterns[0] has this name too, as response.one',
      'response_scanning.patterns[1].regex: a group without an end',
    ]);
  }
});
