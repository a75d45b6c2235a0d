/** The detection corpora: JSON Lines beside the checkout, one row a text that is what a rule looks for, or is not. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../control/pins/json.ts';

/** Where the corpora are unless --corpora says otherwise. */
export const corporaFolder = join(import.meta.dirname, '../../../shared/corpora');

/** A row of a corpus; `index` counts lines of its file from 0. */
export interface Row {
  file: string;
  index: number;
  /** The rule of the project that the row comes from, not one of ours. */
  rule: string;
  text: string;
  /** Whether the text is what `rule` looks for. */
  expect: boolean;
}

export interface SecretRow extends Row {
  family: string;
  /** How the row came to be: written by hand, or drawn into one text or into a row of assignments. */
  kind: 'literal' | 'generated' | 'template';
  /** A negative for every scanner, and not for `rule` alone. */
  absolute_negative?: boolean;
}

export interface FinancialRow extends Row {
  class: 'financial' | 'other' | 'pii';
  /** Options of the validator that the row comes from, such as a country; the row speaks of no other. */
  args?: unknown[];
}

export interface InjectionRow extends Row {
  style: string;
}

/** A tool's definition; `text` is its JSON. */
export interface ToolRow extends Omit<Row, 'expect'> {
  name: string;
  kind: string;
  /** null where the definition cannot tell. */
  expect: boolean | null;
}

/** A tool's definition before and after a change; `text` is the latter. */
export interface DriftRow extends Row {
  before: Json;
  after: Json;
}

export interface Corpora {
  secrets: SecretRow[];
  financial: FinancialRow[];
  injection: InjectionRow[];
  tools: ToolRow[];
  drift: DriftRow[];
}

type Columns = Record<string, (value: unknown) => boolean>;

const isText = (value: unknown) => typeof value === 'string';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isOneOf =
  (...words: string[]) =>
  (value: unknown) =>
    words.includes(value as string);
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const base: Columns = { rule: isText, text: isText, expect: isBoolean };

const isTool = (value: unknown) => typeof value === 'object' && value !== null && 'name' in value;

const columnsOf: { [K in keyof Corpora]: Columns } = {
  secrets: { ...base, family: isText, kind: isOneOf('literal', 'generated', 'template') },
  financial: { ...base, class: isOneOf('financial', 'other', 'pii') },
  injection: { ...base, style: isText },
  tools: { source: isText, kind: isText, tool: isTool, expect: (value) => value === null || isBoolean(value) },
  drift: { before: isObject, after: isObject },
};

/** What is wrong with the corpora's files, one problem a line. */
export class CorporaError extends Error {
  override readonly name = 'CorporaError';
}

/** Whether there are corpora in a folder. */
export function hasCorpora(folder: string): boolean {
  return existsSync(folder);
}

/** Reads the corpora of a folder. Throws CorporaError with every file that is missing and the first bad row of each. */
export function readCorpora(folder: string): Corpora {
  const problems: string[] = [];
  const read = (name: keyof Corpora, file: string = name) => {
    try {
      return readRows(folder, `${file}.jsonl`, columnsOf[name]);
    } catch (error) {
      problems.push((error as Error).message);
      return [];
    }
  };
  const corpora = {
    secrets: read('secrets'),
    financial: read('financial'),
    injection: read('injection'),
    tools: read('tools').map(toToolRow),
    drift: read('drift', 'tool_drift').map(toDriftRow),
  };
  if (problems.length > 0) throw new CorporaError(problems.join('\n'));
  return corpora as unknown as Corpora;
}

function toToolRow(row: Row): ToolRow {
  const { source, tool, ...rest } = row as unknown as ToolRow & { source: string; tool: { name: string } };
  return { ...rest, rule: source, name: tool.name, text: JSON.stringify(tool) };
}

function toDriftRow(row: Row): DriftRow {
  const { before, after } = row as DriftRow;
  return { ...row, before, after, rule: 'drift', text: JSON.stringify(after) };
}

function readRows(folder: string, file: string, columns: Columns): Row[] {
  const place = join(folder, file);
  if (!existsSync(place)) throw new CorporaError(`${place}: no such file; see README.md beside it`);
  const lines = readFileSync(place, 'utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new CorporaError(`${place}: no rows`);
  return lines.map((line, index) => {
    const row = parse(line, `${place}:${index + 1}`);
    for (const [column, isRight] of Object.entries(columns))
      if (!isRight(row[column]))
        throw new CorporaError(
          `${place}:${index + 1}: ${column}: ${JSON.stringify(row[column]) ?? 'missing'} is no value of this column`,
        );
    return { ...row, file, index } as unknown as Row;
  });
}

function parse(line: string, place: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw new CorporaError(`${place}: not JSON`);
  }
}
