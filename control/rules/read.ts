import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { assignmentPattern } from './assignment.ts';
import { keyName } from './key-name.ts';
import { entriesOf, type Phrase, PhraseError, parsePhrase, type Terms } from './phrase.ts';
import { confidences, type Rule, RuleError, type RuleProblem, severities, validators } from './rule.ts';
import { describeIssue, keyOf, nameShape, openFile } from './rule-file.ts';
import { bareText } from './sample.ts';
import { readTerms } from './terms.ts';

/** Folders of rules for what is a value, and for what is said. */
export const valueFolders: readonly string[] = ['credential', 'financial'];
export const wordingFolders: readonly string[] = ['injection', 'tool-poison'];

const line = z.string().regex(/^[^\n]+$/, 'write one line of text');

/** The pieces of an example; they stand apart in the file so that no file holds a whole secret. */
const examples = z
  .array(z.union([z.array(z.string()).nonempty(), z.string()]))
  .min(1, 'write at least one example')
  .transform((texts) => texts.map((pieces) => (typeof pieces === 'string' ? pieces : pieces.join(''))));

const hosts = z
  .array(z.string().regex(/^(?:\*\.)?[a-z0-9.-]+$/, 'write host names such as api.example.com or *.example.com'))
  .default([]);

const entryShape = z.strictObject({
  title: line,
  risk: line,
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  name: z.string().min(3, 'write at least three letters of the name').optional(),
  'key-of': z.string().min(3, 'write at least three letters of the issuer').optional(),
  pattern: line.optional(),
  phrase: z.union([line.transform((phrase) => [phrase]), z.array(line).min(1, 'write at least one phrase')]).optional(),
  order: z.enum(['written', 'any']).optional(),
  unless: line.optional(),
  source: z.url({ protocol: /^https$/, error: 'write the https address of the page that documents the value' }),
  match: examples,
  reject: examples,
  validator: z.enum(validators).optional(),
  near: z.array(z.string().regex(/^[^A-Z]+$/, 'write context words in lower case')).default([]),
  'near-required': z.boolean().default(false),
  samples: examples.default([]),
  'own-url-hosts': hosts,
  'own-body-hosts': hosts,
  'own-cookie': z.boolean().default(false),
  also: z.array(z.string()).default([]),
});

/**
 * All rules, sorted by id.
 * @param directory the folder that holds `credential/`, `terms/` and the like; by default this one
 * @param folders whose entries are read
 * @throws RuleError with every problem of every file
 */
export function readRules(
  directory: string = import.meta.dirname,
  folders: readonly string[] = [...valueFolders, ...wordingFolders],
): Rule[] {
  const rules: Rule[] = [];
  const problems: RuleProblem[] = [];
  const terms = readTerms(directory, problems);
  for (const folder of folders.filter((folder) => existsSync(join(directory, folder)))) {
    const names = readdirSync(join(directory, folder)).filter((name) => name.endsWith('.yaml'));
    for (const name of names.sort()) readFile(directory, folder, name, terms, rules, problems);
  }

  const ids = new Set(rules.map((rule) => rule.id));
  for (const rule of rules) {
    for (const id of rule.also.filter((id) => !ids.has(id))) {
      const text = `"${id}" is not a rule; write the id of one`;
      problems.push({ code: 'also', place: rule.place, key: `${entryName(rule)}.also`, text });
    }
  }
  if (problems.length > 0) throw new RuleError(problems);
  return rules.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function entryName(rule: Rule): string {
  return rule.id.slice(rule.id.lastIndexOf('.') + 1);
}

function readFile(
  directory: string,
  folder: string,
  name: string,
  terms: Terms,
  rules: Rule[],
  problems: RuleProblem[],
): void {
  const place = `${basename(directory)}/${folder}/${name}`;
  const file = openFile(readFileSync(join(directory, folder, name), 'utf8'), place, problems);
  const stem = name.slice(0, -'.yaml'.length);
  if (!nameShape.test(stem)) {
    const text = `"${stem}" is not a name; write lower-case words joined by hyphens`;
    problems.push({ code: 'name', place: `${place}:1`, key: '', text });
  }
  if (!file) return;
  for (const [entry, value] of Object.entries(file.entries)) {
    const found = readEntry(entry, value, terms, (path) => file.placeOf([entry, ...path]));
    if (Array.isArray(found)) problems.push(...found);
    else rules.push({ id: `${folder}.${stem}.${entry}`, ...found });
  }
}

function readEntry(
  entry: string,
  value: unknown,
  terms: Terms,
  placeOf: (path: readonly PropertyKey[]) => string,
): Omit<Rule, 'id'> | RuleProblem[] {
  const problems: RuleProblem[] = [];
  const report: Report = (code, path, text) =>
    problems.push({ code, place: placeOf(path), key: keyOf([entry, ...path]), text });

  if (!nameShape.test(entry)) {
    report('name', [], `"${entry}" is not a name; write lower-case words joined by hyphens`);
  }
  const parsed = entryShape.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      report('shape', issue.path, describeIssue(issue, value, Object.keys(entryShape.shape)));
    return problems;
  }

  const {
    name: writtenName,
    'key-of': issuer,
    'near-required': nearRequired,
    'own-url-hosts': ownUrlHosts,
    'own-body-hosts': ownBodyHosts,
    'own-cookie': ownCookie,
    validator,
    phrase: writtenPhrases,
    order,
    unless,
    ...fields
  } = parsed.data;
  if (writtenName !== undefined && issuer !== undefined) {
    report('name', ['key-of'], 'the entry has a name already; write one of the two');
  }
  const name = issuer === undefined ? writtenName : keyName(issuer);
  const writtenPattern = fields.pattern ?? '';
  const pattern = name === undefined ? writtenPattern : assignmentPattern(name, writtenPattern);
  if ((fields.pattern === undefined) === (writtenPhrases === undefined)) {
    report('shape', ['phrase'], 'there must be a pattern or a phrase, and not both; write one of the two');
  }
  if (writtenPhrases === undefined && (order ?? unless) !== undefined) {
    report('phrase', [order ? 'order' : 'unless'], 'there is no phrase; take it out');
  }
  if (writtenPhrases && (name ?? validator ?? fields.near[0]) !== undefined) {
    report('phrase', ['phrase'], 'a phrase has no name, validator or near; take them out');
  }
  const phrases = readPhrases(writtenPhrases ?? [], order ?? 'written', unless, terms, report);
  for (const [key, source] of Object.entries({ name: writtenName, 'key-of': issuer, pattern: fields.pattern })) {
    if (source === undefined) continue;
    try {
      new RegExp(source);
    } catch (error) {
      const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
      report('pattern', [key], `not a regular expression (${reason}); correct it`);
    }
  }
  if (nearRequired && fields.near.length === 0) {
    report('near', ['near-required'], 'there is no near; write the context words or drop near-required');
  }
  if (problems.length > 0) return problems;
  return {
    ...fields,
    samples: fields.samples.map(bareText),
    pattern,
    nearRequired,
    ownUrlHosts,
    ownBodyHosts,
    ownCookie,
    exemptHosts: [],
    place: placeOf([]),
    ...(validator !== undefined && { validator }),
    ...(phrases.length > 0 && { phrases }),
  };
}

type Report = (code: RuleProblem['code'], path: readonly PropertyKey[], text: string) => void;

function readPhrases(
  written: readonly string[],
  order: 'written' | 'any',
  unless: string | undefined,
  terms: Terms,
  report: Report,
): Phrase[] {
  const complain = (path: readonly PropertyKey[], text: string, error: unknown) => {
    if (!(error instanceof PhraseError)) throw error;
    report('phrase', path, `${error.message}\n  ${text}\n  ${' '.repeat(error.caret)}^`);
  };
  let stops: Phrase['unless'] = [];
  try {
    if (unless !== undefined) stops = entriesOf(unless, terms);
  } catch (error) {
    complain(['unless'], unless ?? '', error);
  }
  return written.flatMap((text, at) => {
    try {
      return parsePhrase(text, terms, order, stops);
    } catch (error) {
      complain(written.length > 1 ? ['phrase', at] : ['phrase'], text, error);
      return [];
    }
  });
}
