/** Every code that a Problem can have. They are part of the interface: tests and tools tell problems apart by them. */
export const problemCodes = [
  'allowlist-needed',
  'bad-address',
  'bad-cidr',
  'bad-duration',
  'bad-header-name',
  'bad-host-pattern',
  'bad-regex',
  'bad-secrets-file',
  'bad-token-file',
  'bad-url',
  'duplicate-key',
  'duplicate-name',
  'key-pair-needed',
  'file-needed',
  'directory-needed',
  'missing-key',
  'not-a-mapping',
  'not-allowed',
  'not-honoured',
  'out-of-range',
  'several-documents',
  'too-deep',
  'tool-scanning-needed',
  'profiling-needed',
  'too-large',
  'too-many-aliases',
  'unguarded-assistant',
  'unknown-key',
  'values-conflict',
  'wrong-type',
  'yaml-syntax',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** What a check of one value says when it refuses: the part of a Problem that does not depend on the place. */
export interface Complaint {
  code: ProblemCode;
  /** What is wrong, with the value. */
  message: string;
  /** What to do. */
  remedy: string;
}

// Long enough to recognise a value, short enough to keep the message on a line.
const longestQuote = 60;

/** A value of the file as messages show it: text in quotes and cut to 60 characters, lists and sections by kind. */
export function quote(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > longestQuote ? `${value.slice(0, longestQuote)}…` : value);
  }
  if (value === null || value === undefined) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  return String(value);
}
