/** What zod found, in our words. */
import type { z } from 'zod';
import { type Complaint, type ProblemCode, quote } from './complaint.ts';
import type { KeyPath } from './keys.ts';
import { isSecret } from './mask.ts';
import { suggest } from './suggest.ts';

/** A complaint about one key of the file. */
export interface KeyComplaint extends Complaint {
  path: KeyPath;
  /** What the caret marks. */
  on: 'key' | 'value';
  /** The character of a text value that the caret marks; the whole value where left out. */
  offset?: number;
  /** Where to point when the file does not have the key. */
  otherwise?: KeyPath;
}

/** The complaints of one zod issue; `valueAt` gives the file's value at a path. */
export function explain(issue: z.core.$ZodIssue, valueAt: (path: KeyPath) => unknown): KeyComplaint[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const value = valueAt(path);
  const shown = isSecret(path) ? 'the value' : quote(value);
  type On = KeyComplaint['on'];
  const complain = (code: ProblemCode, message: string, remedy: string, on: On = 'value'): KeyComplaint[] => [
    { path, on, code, message, remedy },
  ];

  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((name) => ({
        path: [...path, name],
        on: 'key',
        code: 'unknown-key',
        message: 'unknown key',
        remedy: suggest(path, name),
      }));
    case 'invalid_type': {
      if (value === undefined) return complain('missing-key', 'missing', 'add it', 'key');
      if (issue.expected === 'never')
        return complain(
          'not-allowed',
          'an action cannot be set here',
          'set it for the place of a finding, as request_body_scanning.action, mcp_input_scanning.action and response_scanning.action',
          'key',
        );
      const [name, remedy] = kinds[issue.expected] ?? [issue.expected, 'correct it'];
      return complain('wrong-type', `${shown} is not ${name}`, yesOrNo(issue.expected, value) ?? remedy);
    }
    case 'invalid_value':
      return complain(
        typeof value === typeof issue.values[0] ? 'not-allowed' : 'wrong-type',
        `${shown} is not ${nounFor(path)}`,
        `write ${list(issue.values.map(String))}`,
      );
    case 'too_small':
      if (issue.origin === 'array') {
        return complain('out-of-range', 'too few entries', `give ${issue.minimum} or more`);
      }
      if (issue.origin === 'string') return complain('out-of-range', `${shown} is empty`, 'write something');
      return complain('out-of-range', `${shown} is too small`, `write ${issue.minimum} or more`);
    case 'too_big':
      if (issue.origin === 'array') return complain('out-of-range', 'too many entries', `keep to ${issue.maximum}`);
      return complain('out-of-range', `${shown} is too large`, `write ${issue.maximum} or less`);
    case 'custom': {
      const { code, message, remedy } = issue.params as unknown as Complaint;
      return complain(code, message, remedy);
    }
    default:
      return complain('not-allowed', `${shown} is not allowed`, 'correct it');
  }
}

const kinds: Record<string, [name: string, remedy: string]> = {
  int: ['a whole number', 'write digits alone'],
  number: ['a number', 'write digits, with a point if need be'],
  boolean: ['true or false', 'write true or false'],
  string: ['text', 'write one text, in quotes if it is a number or a word like true'],
  array: ['a list', 'write - before each entry, each on a line of its own'],
  object: ['a section', 'write its keys below it, each on a line of its own'],
  record: ['a section', 'write its names below it, each on a line of its own'],
};

/** YAML 1.1, which Pipelock reads, has more words for true and false than YAML 1.2. */
function yesOrNo(expected: string, value: unknown): string | undefined {
  if (expected !== 'boolean' || typeof value !== 'string') return undefined;
  if (/^(?:y|yes|on|true)$/i.test(value)) return 'write true';
  if (/^(?:n|no|off|false)$/i.test(value)) return 'write false';
  return undefined;
}

/** What a key with a fixed set of values holds: "an action", "a header mode". */
function nounFor(path: KeyPath): string {
  const name = String(path.findLast((step) => typeof step === 'string') ?? 'value');
  if (name === 'pattern_overrides' || path.at(-2) === 'pattern_overrides') return 'an action';
  if (/(?:^|_)action$|^on_parse_error$|^upgrade_/.test(name)) return 'an action';
  if (name === 'min_words') return 'a seed phrase length';
  const words = name.replaceAll('_', ' ');
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

/** "warn or block"; "strict, balanced or audit". The empty text is written as such. */
function list(values: string[]): string {
  const shown = values.map((value) => (value === '' ? '""' : value));
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
}
