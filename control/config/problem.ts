/** What is wrong with a configuration, where, and what to do about it. */
import type { ProblemCode } from './complaint.ts';

/** One thing that keeps the configuration from being used. */
export interface Problem {
  code: ProblemCode;
  /** The file, as the caller named it. */
  place: string;
  /** Line and column, both from 1, of the value or key at fault. */
  line: number;
  column: number;
  /** Length in characters of what the caret line marks, at least 1 and never past the end of the line. */
  width: number;
  /** Dotted path with [index], "mcp_tool_policy.rules[0].name"; empty when the whole file is meant. */
  key: string;
  /** What is wrong, with the value. */
  message: string;
  /** What to do; empty where the message says it. */
  remedy: string;
  /** The line of the file, secret values masked. */
  sourceLine: string;
}

/** One thing worth knowing that does not keep the configuration from being used. Fields as in Problem. */
export interface Notice {
  /** not-honoured: the key does nothing, and need not. tunnels-unread: interception is off for want of a word. */
  code: 'not-honoured' | 'tunnels-unread';
  place: string;
  line: number;
  column: number;
  key: string;
  message: string;
}

/** Thrown by readConfig: every problem of the file, in the order of the file. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: Problem[];

  constructor(problems: Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

// Enough for a key, its value and what stands around them on a terminal of 100 columns.
const longestShownLine = 96;

/** A problem as three lines: `place:line:column: key: message; remedy`, the source line, and a caret line under it. */
export function formatProblem(problem: Problem): string {
  const { place, line, column, width, key, message, remedy, sourceLine } = problem;
  const head = `${place}:${line}:${column}: ${key === '' ? '' : `${key}: `}${message}${remedy === '' ? '' : `; ${remedy}`}`;
  const cut = sourceLine.length <= longestShownLine ? 0 : Math.max(0, column - 1 - longestShownLine / 2);
  const shown = sourceLine.slice(cut, cut + longestShownLine);
  // Tabs stay tabs, so that the caret stands under its column whatever a tab's width is.
  const indent = shown.slice(0, column - 1 - cut).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(width, shown.length - indent.length)));
  return `${printable(head)}\n  ${printable(shown)}\n  ${indent}${carets}`;
}

/** A notice as one line: `place:line:column: key: message`. */
export function formatNotice(notice: Notice): string {
  const { place, line, column, key, message } = notice;
  return printable(`${place}:${line}:${column}: ${key}: ${message}`);
}

/** The path of a key as people write it: ['rules', 0, 'name'] → "rules[0].name". */
export function formatKey(path: readonly (string | number)[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** Control characters of a hostile file must not reach the terminal; one for one, so that columns stay right. */
function printable(text: string): string {
  return text.replace(/(?!\t)\p{Cc}|\p{Bidi_Control}|\p{Zl}|\p{Zp}/gu, '\uFFFD');
}
