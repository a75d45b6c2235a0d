import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Gateway } from './gateway.ts';

/** Shorter runs of characters occur by chance, or are part of a rule's own text. */
const shortestTellingRun = 12;
/** Files of the state directory that are larger are no place where a request could have been written. */
const largestFileBytes = 64 * 1024 * 1024;

/** Forms in which the bytes of a secret could show: as they are, base64 at the three alignments, hex, percent. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first characters mix in what stood before, the last what follows.
    return shifted.slice(shift === 0 ? 0 : shift + 1, -1);
  });
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, escaped, encodeURIComponent(secret), bytes.toString('hex'), ...base64])];
}

/**
 * Runs of a secret's longest unbroken part, every `shortestTellingRun` characters long: a text that holds one of them
 * holds a piece of the secret.
 */
export function runsOf(secret: string): string[] {
  const part = secret.split(/[\s=]+/).reduce((longest, one) => (one.length > longest.length ? one : longest), '');
  const runs: string[] = [];
  for (let at = 0; at + shortestTellingRun <= part.length; at++) runs.push(part.slice(at, at + shortestTellingRun));
  return runs;
}

/** Where in `texts` a secret, or a piece of it, stands. The place only: the answer holds no secret. */
export function leaksIn(texts: Map<string, string>, secrets: string[]): string[] {
  const found: string[] = [];
  for (const [place, text] of texts) {
    for (const [index, secret] of secrets.entries()) {
      const hit = [...formsOf(secret), ...runsOf(secret)].some((form) => text.includes(form));
      if (hit) found.push(`${place}: secret ${index}`);
    }
  }
  return found;
}

/** Everything a gateway shows or keeps: log, error output, its pages, the files of its state directory. */
export async function everythingShown(gateway: Gateway): Promise<Map<string, string>> {
  const texts = new Map([
    ['stdout', gateway.log.text],
    ['stderr', gateway.stderr],
    ['/metrics', (await gateway.page('/metrics')).body],
    ['/health', (await gateway.page('/health')).body],
  ]);
  for (const entry of readdirSync(gateway.stateDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (statSync(path).size <= largestFileBytes) texts.set(path, readFileSync(path, 'latin1'));
  }
  return texts;
}
