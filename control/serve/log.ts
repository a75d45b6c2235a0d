/** Log events as lines: JSON (pino) for machines, one readable line each for people. */
import type { LogEvent } from './event.ts';

export type Log = (event: LogEvent) => void;

/** What the configuration says of the log. */
export interface Logging {
  format: 'text' | 'json' | undefined;
  output: 'stdout' | 'file' | 'both';
  file: string;
  includesAllowed: boolean;
  includesBlocked: boolean;
}

/** Whether the configuration wants an event in the log. What is no exchange's always is. */
export function isIncluded({ event, verdict }: LogEvent, { includesAllowed, includesBlocked }: Logging): boolean {
  if (event === 'exchange' && verdict === 'allow') return includesAllowed;
  return includesBlocked || !(verdict === 'block' || event === 'refused');
}

/** Opens the log. `write` takes whole lines with their newline. */
export async function openLog(format: 'text' | 'json', write: (line: string) => void): Promise<Log> {
  if (format === 'text') return (event) => write(`${formatEvent(event, new Date())}\n`);
  const { pino } = await import('pino');
  const json = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    { write },
  );
  return ({ level, ...fields }) => json[level](fields);
}

const surfaces: Record<string, string> = {
  url: 'the URL',
  header: 'a header',
  'request-body': 'the request body',
  'response-body': 'the response body',
  'mcp-request': 'the MCP request',
  'mcp-response': 'the MCP response',
  'mcp-tool': 'an MCP tool',
  'response-header': 'a header of the answer',
};
const verdicts: Record<string, string> = { block: 'blocked', warn: 'warned', strip: 'stripped', allow: 'allowed' };

/** A line for people: "12:03:41 blocked  credential.github.personal-token in the request body (json, byte 12) to …". */
export function formatEvent(event: LogEvent, time: Date): string {
  const clock = time.toTimeString().slice(0, 8);
  const [word, text] = tell(event);
  return `${clock} ${word.padEnd(8)} ${text}`;
}

function tell(event: LogEvent): [word: string, text: string] {
  const verdict = verdicts[String(event.verdict)] ?? 'noted';
  switch (event.event) {
    case 'finding': {
      const surface = surfaces[String(event.surface)] ?? event.surface;
      const at = [event.view, event.offset === undefined ? undefined : `byte ${event.offset}`];
      const where = at.filter((part) => part !== undefined).join(', ');
      const tool = event.tool === undefined ? '' : ` ${event.tool}`;
      return [verdict, `${event.rule} in ${surface}${tool}${where === '' ? '' : ` (${where})`}${exchange(event)}`];
    }
    case 'unreadable':
      return [verdict, `cannot be read: ${event.reason}${exchange(event)}`];
    case 'limit':
      return [verdict, `over a limit: ${event.reason}${exchange(event)}`];
    case 'exchange': {
      const rules = Array.isArray(event.rules) ? `: ${event.rules.join(', ')}` : '';
      const took = event.duration_ms === undefined ? '' : `, ${event.duration_ms} ms`;
      return [verdict, `${event.action}${rules}${exchange(event)}${took}`];
    }
    case 'unread':
      return [
        'unread',
        `passed without being read${exchange(event)}${event.hint === undefined ? '' : `; ${event.hint}`}`,
      ];
    case 'refused':
      return ['refused', `${event.details ?? event.reason ?? 'by policy'}${exchange(event)}`];
    case 'upstream-failure': {
      const why = event.reason ?? event.details ?? event.flags ?? 'no answer';
      return ['failed', `no answer from upstream: ${why}${exchange(event)}`];
    }
    case 'handshake-failure':
      return [
        'failed',
        `TLS handshake with the client: ${event.reason ?? event.details ?? 'closed'}${exchange(event)}`,
      ];
    case 'envoy':
      return [event.level, `envoy: ${event.message}`];
    default:
      return [event.level, String(event.message ?? event.event)];
  }
}

/** " to POST api.openai.com from 127.0.0.1, request 5f3c…" */
function exchange(event: LogEvent): string {
  const target = [event.method, event.host ?? event.name].filter((part) => part !== undefined).join(' ');
  const to = target === '' ? '' : ` to ${target}`;
  const from = event.client === undefined ? '' : ` from ${event.client}`;
  const status = event.status ? `, status ${event.status}` : '';
  const request = event.request === undefined ? '' : `, request ${event.request}`;
  return `${to}${from}${status}${request}`;
}
