/** Holds files of receipts against their chain, and says which line is wrong. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Link, type ReadLine, readLine, start } from './chain.ts';
import { publicKeyName } from './key.ts';

export interface Verified {
  /** Whole, genuine lines in their place. */
  receipts: number;
  /** The last one. */
  last: number;
  /** `FILE:LINE: what is wrong`. */
  problems: string[];
  /** What is no problem and worth knowing: a last line that a killed gateway did not finish. */
  notices: string[];
}

/**
 * Verifies files, in the order of their first receipts. They may begin anywhere in a chain; from there on nothing may be missing.
 * @param keyFile PEM with the public key; undefined: the one beside the first file
 * @throws Error where a file or the key cannot be read
 */
export function verifyFiles(files: readonly string[], keyFile?: string): Verified {
  const key = publicKeyOf(keyFile ?? join(dirname(files[0]!), publicKeyName));
  const found: Verified = { receipts: 0, last: 0, problems: [], notices: [] };
  const parts = files
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }))
    .map(({ file, text }) => ({ file, text, first: readLine(text.split('\n', 1)[0]!, key)?.seq ?? 0 }))
    .sort((a, b) => a.first - b.first);
  let last: Link | undefined;
  for (const { file, text } of parts) {
    const lines = text.split('\n');
    const rest = lines.pop()!;
    for (const [i, line] of lines.entries()) {
      const read = readLine(line, key);
      const problem = problemOf(last, read);
      if (problem) found.problems.push(`${file}:${i + 1}: ${problem}`);
      else found.receipts++;
      // A line that is out of place does not move the chain; one that was changed has still its number.
      if (read && (last === undefined || read.seq > last.seq))
        last = read.isGenuine ? read : { seq: read.seq, hash: '' };
    }
    if (rest !== '')
      found.notices.push(`${file}:${lines.length + 1}: the last line is unfinished; what is before it counts`);
  }
  found.last = last?.seq ?? 0;
  return found;
}

function problemOf(last: Link | undefined, read: ReadLine | undefined): string | undefined {
  if (!read) return 'changed: it is no receipt';
  const { seq, prev, isGenuine } = read;
  if (!isGenuine) return `receipt ${seq}: changed after it was signed, or signed with another key`;
  if (last === undefined)
    return seq === 1 && prev !== start.hash ? 'receipt 1: is not the first of its chain' : undefined;
  if (seq === last.seq) return `receipt ${seq}: stands there twice`;
  if (seq < last.seq) return `receipt ${seq}: out of order, after receipt ${last.seq}`;
  if (seq > last.seq + 1) {
    const [from, to] = [last.seq + 1, seq - 1];
    return from === to ? `receipt ${from}: is missing before it` : `receipts ${from} to ${to}: are missing before it`;
  }
  // An empty hash stands for a line that was reported already.
  return last.hash !== '' && prev !== last.hash ? `receipt ${seq}: follows another receipt ${last.seq}` : undefined;
}

function publicKeyOf(file: string): KeyObject {
  if (!existsSync(file)) throw new Error(`${file}: there is no public key; give it with --key`);
  return createPublicKey(readFileSync(file));
}
