/**
 * Receipts as lines: each holds the hash of the line before it and is signed, so that none can be changed, taken out or moved
 * without it showing.
 *
 *   {"seq":7,…,"prev":"<SHA-256 of line 6>","sig":"<Ed25519 (RFC 8032) over the line up to this key>"}
 *
 * A chain goes on from one file to the next. Nothing but the end of the last file can be taken away unseen.
 */
import { hash, type KeyObject, sign, verify } from 'node:crypto';

/** What is told of one verdict. */
export type Receipt = Record<string, string | number | readonly string[] | undefined>;

/** Where a chain stands: the last line's number and hash. */
export interface Link {
  seq: number;
  hash: string;
}

/** Before the first line. */
export const start: Link = { seq: 0, hash: '0'.repeat(64) };

const sealKey = ',"sig":"';

/** The next line of a chain, with its newline, and where the chain then stands. */
export function addLine(last: Link, receipt: Receipt, key: KeyObject): { line: string; link: Link } {
  const seq = last.seq + 1;
  const body = `${JSON.stringify({ seq, ...receipt, prev: last.hash }).slice(0, -1)}`;
  const line = `${body}${sealKey}${sign(null, Buffer.from(body), key).toString('base64url')}"}`;
  return { line: `${line}\n`, link: { seq, hash: hashOf(line) } };
}

/** A line's number, the hash that it claims of the one before, and whether it is as it was signed. */
export interface ReadLine extends Link {
  prev: string;
  isGenuine: boolean;
}

/** Reads a line without its newline; undefined where it is no receipt at all. */
export function readLine(line: string, key: KeyObject): ReadLine | undefined {
  const at = line.lastIndexOf(sealKey);
  const value = parse(line);
  if (!value || !Number.isSafeInteger(value.seq) || typeof value.prev !== 'string') return undefined;
  const seal = at < 0 ? '' : line.slice(at + sealKey.length, -2);
  const isGenuine = verify(null, Buffer.from(line.slice(0, at)), key, Buffer.from(seal, 'base64url'));
  return { seq: value.seq as number, prev: value.prev, hash: hashOf(line), isGenuine };
}

function hashOf(line: string): string {
  return hash('sha256', line);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
