/** The terms of phrases: the files of `terms/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { PhraseError, readEntry, type TermEntry, type Terms } from './phrase.ts';
import type { RuleProblem } from './rule.ts';
import { describeIssue, keyOf, nameShape, openFile } from './rule-file.ts';

/** ISO 639-1 codes of the languages that attacks are written in, and `any` for what is of none: names, addresses. */
const languages = [
  'en',
  'es',
  'fr',
  'de',
  'pt',
  'it',
  'nl',
  'pl',
  'ru',
  'uk',
  'zh',
  'ja',
  'ko',
  'ar',
  'hi',
  'tr',
  'id',
  'vi',
];
/** Those whose verb comes last: what is a phrase's first step elsewhere is its last one there. */
const verbLast = ['ja', 'ko', 'hi', 'tr'];

const entries = z.array(z.string()).min(1, 'write at least one entry').optional();
const termShape = z.strictObject({
  about: z.string(),
  ...Object.fromEntries(['any', ...languages].map((language) => [language, entries])),
});

/**
 * All terms of a folder of rules.
 * @param problems gets what is wrong
 */
export function readTerms(directory: string, problems: RuleProblem[]): Terms {
  const terms = new Map<string, TermEntry[]>();
  const folder = join(directory, 'terms');
  if (!existsSync(folder)) return terms;
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()) {
    const text = readFileSync(join(folder, file), 'utf8');
    const opened = openFile(text, `${basename(directory)}/terms/${file}`, problems);
    for (const [name, value] of Object.entries(opened?.entries ?? {})) {
      const report = (path: readonly PropertyKey[], text: string) =>
        problems.push({ code: 'term', place: opened!.placeOf([name, ...path]), key: keyOf([name, ...path]), text });
      if (!nameShape.test(name)) report([], `"${name}" is not a name; write lower-case words joined by hyphens`);
      if (terms.has(name)) report([], `"${name}" is a term of another file already; choose another name`);
      terms.set(name, []);
      for (const [part, list] of readTerm(value, report)) terms.set(`${name}${part}`, list);
    }
  }
  return terms;
}

/** A term's entries: all of them under the empty text, those of a language under `:ja`, of `verbLast` under `:last`. */
function readTerm(
  value: unknown,
  report: (path: readonly PropertyKey[], text: string) => void,
): Map<string, TermEntry[]> {
  const parsed = termShape.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      report(issue.path, describeIssue(issue, value, Object.keys(termShape.shape)));
    return new Map();
  }
  const { about: _, ...byLanguage } = parsed.data as { about: string } & Record<string, string[] | undefined>;
  // The same word in two languages is one entry; twice in one language is a slip.
  const found = new Map<string, Map<string, TermEntry>>([['', new Map()]]);
  const add = (part: string, key: string, entry: TermEntry) => {
    const entries = found.get(part) ?? new Map<string, TermEntry>();
    found.set(part, entries.set(key, entry));
  };
  for (const [language, list] of Object.entries(byLanguage)) {
    for (const [at, written] of (list ?? []).entries()) {
      try {
        const entry = readEntry(written);
        const key = `${entry.text}${entry.isStem ? '*' : ''}`;
        const isTwice = found.get(`:${language}`)?.has(key);
        if (isTwice) report([language, at], `"${written}" is there already, as "${key}"; take one out`);
        add('', key, entry);
        add(`:${language}`, key, entry);
        if (verbLast.includes(language)) add(':last', key, entry);
      } catch (error) {
        if (!(error instanceof PhraseError)) throw error;
        report([language, at], error.message);
      }
    }
  }
  if (found.get('')?.size === 0) report([], 'the term holds no entry; write a list for a language');
  return new Map([...found].map(([part, entries]) => [part, [...entries.values()]]));
}
