/** pipelock.yaml text → a tree of plain values that knows where in the text each key and value stands. */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, Scalar } from 'yaml';
import { type Complaint, type ProblemCode, quote } from './complaint.ts';
import { helmDialect } from './dialect.ts';
import type { KeyPath } from './keys.ts';

/** A stretch of the text: offsets of its first character and of the one after its last. */
export interface Span {
  start: number;
  end: number;
}

/** One value of the file. */
export interface Branch {
  /** Plain JavaScript; an empty value in a mapping is undefined, which stands for "left out". */
  value: unknown;
  /** Of the key that leads here; a list entry and the root have none. */
  keySpan: Span | undefined;
  valueSpan: Span;
  children: Map<string | number, Branch>;
}

/** A complaint, the offsets it is about, and the path of the key as far as there is one. */
export interface TextComplaint extends Complaint {
  span: Span;
  path: KeyPath;
}

// A Kubernetes ConfigMap holds no more.
const maxCharacters = 1_048_576;
// Deeper than any key of the schema, and far from the end of the call stack.
const maxDepth = 40;
// The files that Pipelock's users write have a handful. Each alias adds at most the file once more.
const maxAliasCount = 100;
// Aliases of a full-size file could still add up: a hundred thousand values are far beyond any real one.
const maxValues = 100_000;
// After these the parser has lost its way, and each further error follows from one of them.
const maxSyntaxComplaints = 10;

/**
 * The tree of a YAML text, or the complaints that keep it from having one. Never throws, whatever the text.
 * @param dialect helm: plain words mean what they mean to Helm, whose YAML 1.1 has yes and no, but no dates and no base 60
 */
export function growTree(
  text: string,
  dialect: 'core' | 'helm' = 'core',
): { tree: Branch | undefined; complaints: TextComplaint[] } {
  const complaints: TextComplaint[] = [];
  const complain = (code: ProblemCode, span: Span, path: KeyPath, message: string, remedy: string) => {
    complaints.push({ code, span, path, message, remedy });
  };
  const top = { start: 0, end: 1 };
  if (text.length > maxCharacters) {
    const message = `${text.length} characters are more than a configuration can have`;
    complain('too-large', top, [], message, `stay under ${maxCharacters}`);
    return { tree: undefined, complaints };
  }

  // Duplicate keys are looked for below, where their path is known.
  const options = { uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;
  const document = parseDocument(text, { ...options, ...(dialect === 'helm' && helmDialect) });
  for (const error of [...document.errors, ...document.warnings]) {
    const span = { start: error.pos[0], end: error.pos[1] };
    if (error.code === 'MULTIPLE_DOCS') {
      complain('several-documents', span, [], 'a second document starts here', 'keep one document in the file');
    } else if (error.code === 'RESOURCE_EXHAUSTION') {
      // Where the parser's stack ended says nothing about the text.
      complain('too-deep', top, [], 'nested too deeply', `use ${maxDepth} levels at most`);
    } else {
      complain('yaml-syntax', span, [], yamlMessage(error.message), syntaxRemedies[error.code] ?? 'correct the YAML');
    }
  }
  // One slip makes several errors on its line.
  const lineOf = (complaint: TextComplaint) => text.lastIndexOf('\n', complaint.span.start - 1);
  const firstOfLines = [...Map.groupBy(complaints, lineOf).values()].map((group) => group[0]!);
  if (firstOfLines.length > 0) return { tree: undefined, complaints: firstOfLines.slice(0, maxSyntaxComplaints) };

  const anchors = new Map<string, Node>();
  /** Nodes that stand open above the one at hand: an alias to one of them has no end. */
  const open = new Set<unknown>();
  let aliasCount = 0;
  let valueCount = 0;

  const follow = (alias: Alias, path: KeyPath): Node | undefined => {
    aliasCount += 1;
    const target = anchors.get(alias.source);
    if (aliasCount > maxAliasCount) {
      if (aliasCount === maxAliasCount + 1) {
        complain('too-many-aliases', spanOf(alias), path, `more than ${maxAliasCount} aliases`, 'write the values out');
      }
    } else if (target === undefined) {
      complain('yaml-syntax', spanOf(alias), path, 'no anchor above has this name', 'define it, or remove the alias');
    } else if (open.has(target)) {
      complain('too-many-aliases', spanOf(alias), path, 'what it stands for contains itself', 'write the value out');
    } else {
      return target;
    }
    return undefined;
  };

  const grow = (node: unknown, keySpan: Span | undefined, path: KeyPath, here: Span): Branch => {
    const branch: Branch = { value: undefined, keySpan, valueSpan: here, children: new Map() };
    const valued = node as Node | null | undefined;
    if (valued?.range) branch.valueSpan = spanOf(valued);
    valueCount += 1;
    if (valueCount > maxValues || path.length > maxDepth) {
      if (valueCount === maxValues + 1)
        complain('too-large', branch.valueSpan, path, `more than ${maxValues} values`, 'shorten it');
      if (path.length > maxDepth && !complaints.some(({ code }) => code === 'too-deep')) {
        complain('too-deep', branch.valueSpan, [], 'nested too deeply', `use ${maxDepth} levels at most`);
      }
      return branch;
    }
    if (isAlias(node)) {
      const target = follow(node, path);
      // Where the value is used says more than where it was written.
      return target === undefined ? branch : { ...grow(target, keySpan, path, spanOf(node)), valueSpan: spanOf(node) };
    }
    if (valued && 'anchor' in valued && valued.anchor) anchors.set(valued.anchor, valued);
    if (isScalar(valued)) {
      // Tags can make bytes and dates of a text (!!binary).
      if (typeof valued.value === 'object' && valued.value !== null)
        complain('wrong-type', branch.valueSpan, path, 'a tag makes it what no key takes', 'write it without the tag');
      else branch.value = valued.value;
    } else if (isSeq(valued)) {
      open.add(valued);
      for (const [i, item] of valued.items.entries()) {
        branch.children.set(i, grow(item, undefined, [...path, i], branch.valueSpan));
      }
      open.delete(valued);
      branch.value = [...branch.children.values()].map((child) => child.value);
    } else if (isMap(valued)) {
      open.add(valued);
      growMap(valued.items, branch, path);
      open.delete(valued);
    }
    return branch;
  };

  const growMap = (pairs: Pair[], branch: Branch, path: KeyPath) => {
    const merged: Branch[] = [];
    for (const pair of pairs) {
      const key = pair.key as Node | null;
      const keySpan = key?.range ? spanOf(key) : branch.valueSpan;
      // https://yaml.org/type/merge.html
      if (isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN) {
        merged.push(grow(pair.value, undefined, path, keySpan));
        continue;
      }
      const name = isScalar(key) && !isEmpty(key.value) ? String(key.value) : undefined;
      if (name === undefined || name === '__proto__') {
        complain('unknown-key', keySpan, path, 'a key that is not a plain word', 'write a key name, or remove it');
        continue;
      }
      const first = branch.children.get(name);
      if (first) {
        const line = text.slice(0, first.keySpan?.start).split('\n').length;
        const message = `given before, in line ${line}`;
        complain('duplicate-key', keySpan, [...path, name], message, 'keep one of the two');
        continue;
      }
      const child = grow(pair.value, keySpan, [...path, name], keySpan);
      if (child.value === null) child.value = undefined;
      branch.children.set(name, child);
    }
    for (const source of merged) {
      for (const base of Array.isArray(source.value) ? source.children.values() : [source]) {
        if (!isMapping(base.value)) {
          complain('wrong-type', base.valueSpan, path, 'what << merges is not a mapping', 'point it at one');
          continue;
        }
        for (const [name, child] of base.children) if (!branch.children.has(name)) branch.children.set(name, child);
      }
    }
    branch.value = Object.fromEntries([...branch.children].map(([name, child]) => [name, child.value]));
  };

  const tree = grow(document.contents, undefined, [], top);
  // What was cut off is missing from the tree, and all that would be said of the rest is noise.
  const limits = complaints.filter(({ code }) => limitCodes.has(code));
  if (limits.length > 0) return { tree: undefined, complaints: limits };
  if (isEmpty(tree.value)) {
    tree.value = {};
  } else if (!isMapping(tree.value)) {
    const message = `${quote(tree.value)} where the keys should be`;
    complain('not-a-mapping', tree.valueSpan, [], message, 'write key: value lines');
  }
  return { tree, complaints };
}

/** The branch at a path, or the nearest one above it. */
export function nearestBranch(tree: Branch, path: KeyPath): Branch {
  let branch = tree;
  for (const step of path) {
    const child = branch.children.get(step);
    if (child === undefined) break;
    branch = child;
  }
  return branch;
}

/** The branch at a path; undefined when the file does not have it. */
export function branchAt(tree: Branch, path: KeyPath): Branch | undefined {
  let branch: Branch | undefined = tree;
  for (const step of path) branch = branch?.children.get(step);
  return branch;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isEmpty = (value: unknown) => value === null || value === undefined;

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

const limitCodes: ReadonlySet<ProblemCode> = new Set(['too-deep', 'too-large', 'too-many-aliases']);

const syntaxRemedies: Record<string, string> = {
  BAD_ALIAS: 'name an anchor that is defined above',
  BAD_INDENT: 'check the indentation and the closing bracket',
  MISSING_CHAR: 'close the quote or bracket',
  MULTILINE_IMPLICIT_KEY: 'check the indentation',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes, or on a line of its own',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag',
};

/** Longer than anything that the parser says of its own; a text of the file that it repeats is in the excerpt below. */
const maxSaidCharacters = 120;

/** The parser's message in our form. */
function yamlMessage(message: string): string {
  const whole = message.replace(/: "[\s\S]*"$/, '').replace(/\.$/, '');
  const said = whole.length > maxSaidCharacters ? `${whole.slice(0, maxSaidCharacters)}…` : whole;
  return `not YAML: ${said.charAt(0).toLowerCase()}${said.slice(1)}`;
}
