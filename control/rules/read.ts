import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { assignmentPattern } from './assignment.ts';
import { keyName } from './key-name.ts';
import { confidences, type Rule, RuleError, type RuleProblem, severities, validators } from './rule.ts';
import { bareText } from './sample.ts';

/** The folders whose entries are rules. Injection and tool poisoning have a shape of their own. */
const folders = ['credential', 'financial'];

const nameShape = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
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
  pattern: line,
  source: z.url({ protocol: /^https$/, error: 'write the https address of the page that documents the value' }),
  match: examples,
  reject: examples,
  validator: z.enum(validators).optional(),
  near: z.array(z.string().regex(/^[^A-Z]+$/, 'write context words in lower case')).default([]),
  'near-required': z.boolean().default(false),
  samples: examples.default([]),
  'own-url-hosts': hosts,
  'own-body-hosts': hosts,
  also: z.array(z.string()).default([]),
});

/**
 * All rules, sorted by id.
 * @param directory the folder that holds `credential/` and `financial/`; by default this one
 * @throws RuleError with every problem of every file
 */
export function readRules(directory: string = import.meta.dirname): Rule[] {
  const rules: Rule[] = [];
  const problems: RuleProblem[] = [];
  for (const folder of folders) {
    const names = readdirSync(join(directory, folder)).filter((name) => name.endsWith('.yaml'));
    for (const name of names.sort()) readFile(directory, folder, name, rules, problems);
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

function readFile(directory: string, folder: string, name: string, rules: Rule[], problems: RuleProblem[]): void {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(join(directory, folder, name), 'utf8'), { lineCounter: lines });
  const placeAt = (offset: number) => `${basename(directory)}/${folder}/${name}:${lines.linePos(offset).line}`;

  for (const { pos, message } of document.errors) {
    const text = `${message.split('\n')[0]?.replace(/ at line \d+, column \d+:$/, '')}; correct the YAML`;
    problems.push({ code: 'yaml', place: placeAt(pos[0]), key: '', text });
  }
  if (document.errors.length > 0) return;

  const stem = name.slice(0, -'.yaml'.length);
  if (!nameShape.test(stem)) {
    const text = `"${stem}" is not a name; write lower-case words joined by hyphens`;
    problems.push({ code: 'name', place: placeAt(0), key: '', text });
  }
  if (!isMap(document.contents) || document.contents.items.length === 0) {
    problems.push({
      code: 'empty',
      place: placeAt(0),
      key: '',
      text: 'the file holds no entry; write one or delete it',
    });
    return;
  }
  for (const [entry, value] of Object.entries(document.toJS() as Record<string, unknown>)) {
    const placeOf = (path: readonly PropertyKey[]) => placeAt(offsetOf(document, [entry, ...path]));
    const found = readEntry(entry, value, placeOf);
    if (Array.isArray(found)) problems.push(...found);
    else rules.push({ id: `${folder}.${stem}.${entry}`, ...found });
  }
}

function readEntry(
  entry: string,
  value: unknown,
  placeOf: (path: readonly PropertyKey[]) => string,
): Omit<Rule, 'id'> | RuleProblem[] {
  const problems: RuleProblem[] = [];
  const report = (code: RuleProblem['code'], path: readonly PropertyKey[], text: string) =>
    problems.push({ code, place: placeOf(path), key: keyOf([entry, ...path]), text });

  if (!nameShape.test(entry)) {
    report('name', [], `"${entry}" is not a name; write lower-case words joined by hyphens`);
  }
  const parsed = entryShape.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) report('shape', issue.path, describe(issue, value));
    return problems;
  }

  const {
    name: writtenName,
    'key-of': issuer,
    'near-required': nearRequired,
    'own-url-hosts': ownUrlHosts,
    'own-body-hosts': ownBodyHosts,
    validator,
    ...fields
  } = parsed.data;
  if (writtenName !== undefined && issuer !== undefined) {
    report('name', ['key-of'], 'the entry has a name already; write one of the two');
  }
  const name = issuer === undefined ? writtenName : keyName(issuer);
  const pattern = name === undefined ? fields.pattern : assignmentPattern(name, fields.pattern);
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
    exemptHosts: [],
    place: placeOf([]),
    ...(validator !== undefined && { validator }),
  };
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown key ${issue.keys.join(', ')}; write one of ${Object.keys(entryShape.shape).join(', ')}`;
    case 'invalid_value':
      return `${JSON.stringify(found)} is not known; write one of ${issue.values.join(', ')}`;
    case 'invalid_type':
      if (found === undefined) return `missing; write a ${issue.expected}`;
      return `${JSON.stringify(found)} is not a ${issue.expected}; write one`;
    case 'invalid_union':
      return `${JSON.stringify(found)} is not a text; write its pieces as a list`;
    default:
      return `${JSON.stringify(found)} does not do; ${issue.message}`;
  }
}

/** `secret-key.match[1]` */
function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

/** Where the node at `path` begins, or the nearest one above it that exists. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const last = path[depth - 1];
    const parent = document.getIn(path.slice(0, depth - 1), true) ?? document.contents;
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isNode(key) && String(key) === String(last));
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
