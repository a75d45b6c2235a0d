/** Documentation that packages bring with them, as people and assistants read it: a row a page of 4,000 characters. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './corpora.ts';

const packages = join(import.meta.dirname, '../../node_modules');
const pageCharacters = 4_000;
/** Deeper folders hold packages of packages, whose texts repeat. */
const deepest = 5;

/** The pages of all Markdown and licence files of the installed packages; those that are the same count once. */
export function documentation(): Row[] {
  const pages = new Set<string>();
  for (const file of filesIn(packages, 0).sort()) {
    const text = readFileSync(file, 'utf8');
    for (let at = 0; at < text.length; at += pageCharacters) pages.add(text.slice(at, at + pageCharacters));
  }
  return [...pages].map((text, index) => ({ file: 'node_modules', index, rule: 'documentation', expect: false, text }));
}

function filesIn(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = join(folder, entry.name);
    // Links lead to packages of this repository.
    if (entry.isDirectory()) return depth < deepest ? filesIn(place, depth + 1) : [];
    return entry.isFile() && /\.md$|^LICEN[CS]E/i.test(entry.name) ? [place] : [];
  });
}
