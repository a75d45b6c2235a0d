/** A YAML file of named entries, rules or terms: what is wrong with it, and where things stand in it. */
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { RuleProblem } from './rule.ts';

export const nameShape = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

export interface RuleFile {
  /** What stands in the file, by name. */
  entries: Record<string, unknown>;
  /** `rules/credential/stripe.yaml:12` of the node at a path, or of the nearest one above it that exists. */
  placeOf(path: readonly PropertyKey[]): string;
}

/**
 * Opens a file.
 * @param place the file in messages
 * @param problems gets what is wrong
 * @returns undefined where there is nothing to read
 */
export function openFile(text: string, place: string, problems: RuleProblem[]): RuleFile | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const placeAt = (offset: number) => `${place}:${lines.linePos(offset).line}`;
  for (const { pos, message } of document.errors) {
    const text = `${message.split('\n')[0]?.replace(/ at line \d+, column \d+:$/, '')}; correct the YAML`;
    problems.push({ code: 'yaml', place: placeAt(pos[0]), key: '', text });
  }
  if (document.errors.length > 0) return undefined;
  if (!isMap(document.contents) || document.contents.items.length === 0) {
    const text = 'the file holds no entry; write one or delete it';
    problems.push({ code: 'empty', place: placeAt(0), key: '', text });
    return undefined;
  }
  return {
    entries: document.toJS() as Record<string, unknown>,
    placeOf: (path) => placeAt(offsetOf(document, path)),
  };
}

/** What is wrong with a value, in words. `known` are the keys that may be written. */
export function describeIssue(issue: z.core.$ZodIssue, value: unknown, known: readonly string[]): string {
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown key ${issue.keys.join(', ')}; write one of ${known.join(', ')}`;
    case 'invalid_value':
      return `${JSON.stringify(found)} is not known; write one of ${issue.values.join(', ')}`;
    case 'invalid_type':
      if (found === undefined) return `missing; write a ${issue.expected}`;
      return `${JSON.stringify(found)} is not a ${issue.expected}; write one`;
    case 'invalid_union':
      return `${JSON.stringify(found)} is not a text; write its pieces as a list`;
    default:
      return `${JSON.stringify(found)} does not do; ${issue.message}`;
  }
}

/** `secret-key.match[1]` */
export function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const last = path[depth - 1];
    const parent = document.getIn(path.slice(0, depth - 1), true) ?? document.contents;
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isNode(key) && String(key) === String(last));
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
