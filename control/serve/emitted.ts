/** Events of the gateway as others are told of them. */
import type { Emitted, Severity } from '../emit/event.ts';
import { type LogEvent, readExchangeLine } from './event.ts';
import type { WorkerMessage } from './keep-worker.ts';
import type { InUse } from './pages.ts';
import type { NumberedLine } from './records.ts';

/** What the line of the exchange tells as well. */
const ofExchanges = new Set(['exchange', 'finding', 'unreadable', 'limit', 'refused', 'unread']);

/** Whether an event is for others: exchanges come as lines of their own. */
export function isEmitted({ event, level }: LogEvent): boolean {
  return !ofExchanges.has(event) && (level !== 'info' || event === 'kill-switch' || event === 'reload');
}

/** Hands lines on to receipts and to receivers, and says what need not be kept. */
export function takeLines(
  { receipts, emitter }: InUse,
  lines: readonly NumberedLine[],
  say: (message: WorkerMessage) => void,
): void {
  receipts?.take(lines);
  for (const { line } of emitter ? lines : []) {
    const event = readExchangeLine(line, true);
    if (event) emitter!.emit(emittedOf(event));
  }
  if (!receipts) say({ type: 'written', number: lines.at(-1)!.number });
}

export function emittedOf({ level, event, ...fields }: LogEvent): Emitted {
  const { at } = fields;
  return {
    severity: severityOf(level, fields.verdict),
    type: event,
    timestamp: typeof at === 'string' ? at : new Date().toISOString(),
    fields,
  };
}

function severityOf(level: LogEvent['level'], verdict: unknown): Severity {
  if (verdict === 'block' || level === 'error') return 'critical';
  return level === 'warn' ? 'warn' : 'info';
}
