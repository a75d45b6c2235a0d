/** One line of the gateway's log. */
export interface LogLine {
  event?: string;
  verdict?: string;
  rule?: string;
  surface?: string;
  view?: string;
  host?: string;
  method?: string;
  request?: string;
  client?: string;
  [key: string]: unknown;
}

/** What a log line, or another object, is expected to hold. A text may have `*` for any run of characters. */
export type Expected = Record<string, unknown>;

/** True when `actual` holds every key of `expected`; texts match with `*`, objects and lists match inside. */
export function holds(actual: unknown, expected: unknown): boolean {
  if (typeof expected === 'string' && expected.includes('*')) {
    return typeof actual === 'string' && globPattern(expected).test(actual);
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((one, index) => holds(actual[index], one))
    );
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return false;
    return Object.entries(expected).every(([key, value]) => holds((actual as Expected)[key], value));
  }
  return Object.is(actual, expected);
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Collects a stream of text into lines and the JSON objects they hold. */
export class LogCollector {
  readonly lines: LogLine[] = [];
  /** Lines that were no JSON object. */
  readonly unparsed: string[] = [];
  /** Everything as it came. */
  text = '';
  private rest = '';

  feed(chunk: string): void {
    this.text += chunk;
    const parts = (this.rest + chunk).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) if (part.trim() !== '') this.take(part);
  }

  private take(line: string): void {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        this.lines.push(value as LogLine);
        return;
      }
    } catch {
      // Not JSON: kept below.
    }
    this.unparsed.push(line);
  }
}
