/**
 * Values in a scenario file. A text may hold `${name}` or `${name.key}`; a mapping with one of these keys alone is
 * worked out when the scenario runs, so that no file holds a whole secret:
 *
 *   join: [ghp_, …]     the pieces as one text     repeat: [VALUE, COUNT]
 *   base64: VALUE       base64 of it               percent: VALUE             every byte as %XX
 *   github: ENTROPY     a GitHub token: prefix, 30 given characters, their checksum
 */
import { githubToken } from '../harness/secret.ts';

export type Variables = Record<string, unknown>;

const operators: Record<string, (argument: unknown) => string> = {
  join: (argument) => (argument as unknown[]).map(String).join(''),
  base64: (argument) => Buffer.from(String(argument)).toString('base64'),
  percent: (argument) => percentEncoded(String(argument)),
  repeat: (argument) => {
    const [text, count] = argument as [unknown, number];
    return String(text).repeat(count);
  },
  github: (argument) => githubToken(String(argument)),
};

/** Works a value out. Throws for a name that is not among the variables. */
export function evaluate(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return substituted(value, variables);
  if (Array.isArray(value)) return value.map((one) => evaluate(one, variables));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, evaluate(one, variables)] as const);
  const operator = entries.length === 1 ? operators[entries[0]![0]] : undefined;
  return operator === undefined ? Object.fromEntries(entries) : operator(entries[0]![1]);
}

/** A text that is nothing but one reference keeps the kind of what it refers to; others become text. */
function substituted(text: string, variables: Variables): unknown {
  const alone = /^\$\{([^}]+)\}$/.exec(text);
  if (alone !== null) return evaluate(lookUp(alone[1]!, variables), variables);
  return text.replace(/\$\{([^}]+)\}/g, (_whole, name: string) => String(evaluate(lookUp(name, variables), variables)));
}

function lookUp(name: string, variables: Variables): unknown {
  let value: unknown = variables;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !(key in value)) throw new Error(`\${${name}}: no such name`);
    value = (value as Variables)[key];
  }
  return value;
}

function percentEncoded(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
