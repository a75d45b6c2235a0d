/** Holds a file against the table of what is honoured. */
import { isDeepStrictEqual } from 'node:util';
import { quote } from './complaint.ts';
import type { KeyComplaint } from './explain.ts';
import { type Standing, standings } from './honoured.ts';
import { isSection, type KeyPath } from './keys.ts';
import { isSecret } from './mask.ts';
import { type Config, configSchema } from './schema.ts';
import { type Branch, branchAt } from './tree.ts';

/** What to tell about a key that does nothing and need not. */
export interface KeyNotice {
  path: KeyPath;
  code: 'not-honoured';
  message: string;
}

type Nothing = Extract<Standing, { does: 'nothing' }>;

const defaults = configSchema.parse({});

/**
 * The keys of the file that are on but not honoured (complaints), and those that are not honoured but off or at their
 * default (notices). `config` is the file's, or as much of it as is valid.
 */
export function holdAgainstTable(tree: Branch, config: Config): { complaints: KeyComplaint[]; notices: KeyNotice[] } {
  const complaints: KeyComplaint[] = [];
  const notices: KeyNotice[] = [];

  const refuse = (path: KeyPath, remedy: string, never?: string) => {
    const shown = isSecret(path) ? 'set' : describe(valueAt(config, path) ?? branchAt(tree, path)?.value);
    const message =
      never === undefined ? `not honoured yet, and it is ${shown}` : `it is ${shown}, and not honoured: ${never}`;
    complaints.push({ path, on: 'value', code: 'not-honoured', message, remedy });
  };

  const holdNothing = (path: KeyPath, standing: Nothing) => {
    const leaves = leavesUnder(tree, path);
    if (leaves.length === 0) return;
    const isOff = (leaf: KeyPath) => means(valueAt(config, leaf), standing.off);
    const isDefault = (leaf: KeyPath) =>
      isDeepStrictEqual(valueAt(config, leaf), valueAt(defaults, leaf) ?? standing.defaults?.[String(leaf.at(-1))]);
    const remedyFor = (leaf: KeyPath) => {
      const byDefault = standing.defaults?.[String(leaf.at(-1))];
      if (byDefault !== undefined) return `write ${byDefault}, or remove it`;
      return standing.remedy ?? (valueAt(config, leaf) === true ? 'write false, or remove it' : 'remove it');
    };
    const tell = (message: string) => notices.push({ path, code: 'not-honoured', message });
    const off = () => {
      if (standing.never === undefined) tell('not honoured yet; it is off, so nothing is lost');
    };

    const switches = standing.switches?.map((name) => [...path, name]);
    if (switches) {
      if (switches.every(isOff)) return off();
      const thrown = switches.filter((leaf) => !isOff(leaf) && !isDefault(leaf));
      for (const leaf of thrown) refuse(leaf, remedyFor(leaf), standing.never);
      if (thrown.length > 0) return;
    } else if (leaves.length === 1 && isOff(leaves[0]!)) {
      return off();
    }
    const changed = leaves.filter((leaf) => !isDefault(leaf));
    for (const leaf of changed) refuse(leaf, remedyFor(leaf), standing.never);
    if (changed.length > 0) return;
    const instead = standing.instead ?? 'it changes nothing';
    tell(`${standing.never === undefined ? 'not honoured yet; ' : ''}it is at its default, and ${instead}`);
  };

  for (const [key, standing] of Object.entries(standings)) {
    const path = key.split('.');
    // Absent, or without a value, or refused already.
    if (branchAt(tree, path)?.value === undefined || valueAt(config, path) === undefined) continue;
    if (standing.does === 'nothing') holdNothing(path, standing);
    if (standing.does === 'only' && !standing.values.includes(valueAt(config, path))) refuse(path, standing.remedy);
  }
  return { complaints, notices };
}

/** The keys of the file at or under a path that hold values; lists and mappings of free names are values. */
export function leavesUnder(tree: Branch, path: KeyPath): KeyPath[] {
  const branch = branchAt(tree, path);
  if (branch?.value === undefined) return [];
  if (!isSection(path)) return [path];
  return [...branch.children.keys()].flatMap((name) => leavesUnder(tree, [...path, name]));
}

/** The Config's value of a key. */
export function valueAt(config: Config, path: KeyPath): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], config);
}

function means(value: unknown, off: readonly unknown[] = []): boolean {
  if (value === undefined || value === false || value === '' || off.includes(value)) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function describe(value: unknown): string {
  if (value === true) return 'on';
  return typeof value === 'object' ? 'set' : `set to ${quote(value)}`;
}
