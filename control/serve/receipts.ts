/** Receipts of the running gateway: from the lines of exchanges that the supervisor hands on. */
import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Receipt } from '../receipts/chain.ts';
import { openKey } from '../receipts/key.ts';
import { openReceipts, type ReceiptWriter } from '../receipts/writer.ts';
import { readExchangeLine } from './event.ts';
import type { WorkerMessage } from './keep-worker.ts';
import { StartError } from './options.ts';
import type { ReceiptPlan } from './plan.ts';
import type { NumberedLine } from './records.ts';

export interface Receipts extends Pick<ReceiptWriter, 'failure' | 'written' | 'dropped'> {
  take(lines: readonly NumberedLine[]): void;
}

/**
 * What the configuration wants of receipts; its key is made on first use where none is named.
 * @throws StartError where key or directory cannot be used
 */
export function receiptPlan(section: Config['flight_recorder'], ownKeyFile: string): ReceiptPlan | undefined {
  const { enabled, dir, signing_key_path, require_receipts, redact } = section;
  if (!enabled || dir === '') return undefined;
  const keyFile = signing_key_path || ownKeyFile;
  try {
    openKey(keyFile, dir, signing_key_path === '');
  } catch (error) {
    throw new StartError([`flight_recorder: ${(error as Error).message}`]);
  }
  return { directory: dir, keyFile, isRequired: require_receipts, masks: redact };
}

/**
 * Opens the chain of this machine's receipts.
 * @param run names the supervisor's run: what an earlier worker of the same one has written is not written again
 * @throws Error where the directory cannot be used
 */
export function serveReceipts(plan: ReceiptPlan, run: string, say: (message: WorkerMessage) => void): Receipts {
  const given: number[] = [];
  const writer = openReceipts({
    directory: plan.directory,
    // A pod's name, so that several gateways can share a directory.
    instance: hostname().replace(/[^A-Za-z0-9.-]/g, '-'),
    key: openKey(plan.keyFile, plan.directory, false),
    onWritten: (count) => say({ type: 'written', number: given.splice(0, count).at(-1)! }),
    onFailure: (failure) => {
      const message = failure === undefined ? 'receipts are written again' : `receipts cannot be written: ${failure}`;
      say({ type: 'log', level: failure === undefined ? 'info' : 'error', message });
      say({ type: 'receipts', failure });
    },
  });
  const [lastRun, lastNumber] = String(writer.last?.of ?? '').split('/');
  const known = lastRun === run ? Number(lastNumber) : 0;
  const receiptOf = ({ number, line }: NumberedLine): Receipt => {
    const { level: _, event: __, ...fields } = readExchangeLine(line, plan.masks) ?? { level: '', event: '' };
    return { of: `${run}/${number}`, ...(fields as Receipt) };
  };
  return {
    take(lines) {
      const fresh = lines.filter(({ number }) => number > known);
      if (fresh.length === 0) return say({ type: 'written', number: lines.at(-1)!.number });
      if (writer.add(fresh.map(receiptOf))) given.push(...fresh.map(({ number }) => number));
    },
    get failure() {
      return writer.failure;
    },
    get written() {
      return writer.written;
    },
    get dropped() {
      return writer.dropped;
    },
  };
}
