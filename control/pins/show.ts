/** What `penstock pins` prints: the list, one pin, and the difference between a pin and what was seen last. */
import { diffArrays, diffWordsWithSpace } from 'diff';
import { compareDefinitions, type Part } from './compare.ts';
import { outline } from './outline.ts';
import { digestOf, type Pin, type Pins } from './pins.ts';
import { markUnseen, type Style, visible } from './visible.ts';

const partNames: Record<Part, string> = {
  description: 'description',
  schema: 'schema',
  title: 'title',
  other: 'other fields',
};

/** All tools, an upstream after the other. */
export function showList(pins: Pins, style: Style): string {
  const upstreams = [...pins].filter(([, { tools }]) => tools.size > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (upstreams.length === 0)
    return 'no tool has been seen yet: pins are made when a client lists the tools of an MCP server\n';
  const widest = Math.min(
    40,
    Math.max(...upstreams.flatMap(([, { tools }]) => [...tools.keys()].map((name) => visible(name).length))),
  );
  const text = upstreams.map(([upstream, { tools }]) => {
    const rows = [...tools.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((pin) => `  ${visible(pin.name).padEnd(widest)}  ${stateOf(pin, style)}\n`);
    return `${visible(upstream)} (${tools.size} ${tools.size === 1 ? 'tool' : 'tools'})\n${rows.join('')}`;
  });
  const waiting = upstreams.flatMap(([, { tools }]) => [...tools.values()].filter(({ seen }) => seen !== undefined));
  const hint =
    waiting.length === 0
      ? ''
      : `\n${waiting.length} to look at: penstock pins diff TOOL shows the change, penstock pins approve TOOL lets it pass\n`;
  return text.join('\n') + hint;
}

function stateOf(pin: Pin, style: Style): string {
  if (pin.pinned === undefined) {
    return `${style.removed(pin.isAdded ? 'added  ' : 'held   ')}  seen ${day(pin.seenSince)}, not approved`;
  }
  const how = pin.by === 'first-sight' ? 'on first sight' : pin.by === 'approval' ? 'by approval' : 'by import';
  const pinned = `${how}, ${day(pin.since)}`;
  if (pin.seen === undefined) return `${style.added('pinned ')}  ${pinned}`;
  const changed = compareDefinitions(pin.pinned!, pin.seen)
    .changed.map((part) => partNames[part])
    .join(', ');
  return `${style.removed('changed')}  ${changed} since ${day(pin.seenSince)}; pinned ${pinned}`;
}

/** "2026-11-25 21:05", in UTC as it is kept. */
function day(time: string | undefined): string {
  return time === undefined ? 'at an unknown time' : time.slice(0, 16).replace('T', ' ');
}

/** The approved definition of a tool, or of one that is held what was seen. */
export function showPin(upstream: string, pin: Pin, style: Style): string {
  const definition = pin.pinned ?? pin.seen!;
  const head = `${visible(upstream)}/${visible(pin.name)}  ${stateOf(pin, style)}\n`;
  return `${head}${style.quiet(`digest ${digestOf(definition)}`)}\n\n${outline(definition).map(marked(style)).join('\n')}\n`;
}

/** Unchanged lines that are shown around a change. */
const context = 3;

/** What has changed since a tool was pinned, line by line, with the changed words marked. */
export function showDiff(upstream: string, pin: Pin, style: Style): string {
  const head = `${visible(upstream)}/${visible(pin.name)}  ${stateOf(pin, style)}\n`;
  if (pin.seen === undefined) return `${head}\nnothing else than the pin has been seen\n`;
  const digest = digestOf(pin.seen);
  const approval = `\nto let it pass: penstock pins approve ${shellWord(`${upstream}/${pin.name}`)} --digest ${digest}\n`;
  if (pin.pinned === undefined) {
    return `${head}\nnever approved; all of it:\n\n${outline(pin.seen)
      .map((line) => style.added(`+ ${marked(style)(line)}`))
      .join('\n')}\n${approval}`;
  }
  const rows = rowsOf(outline(pin.pinned), outline(pin.seen), style);
  return `${head}\n${style.removed(`- pinned ${day(pin.since)}`)}\n${style.added(`+ seen ${day(pin.seenSince)}`)}\n\n${shorten(rows, style).join('\n')}\n${approval}`;
}

interface Row {
  isChange: boolean;
  text: string;
}

function rowsOf(before: string[], after: string[], style: Style): Row[] {
  const changes = diffArrays(before, after);
  return changes.flatMap(({ removed, added, value }, i): Row[] => {
    const draw = (sign: string, line: string) => `${sign} ${marked(style)(line)}`;
    if (!removed && !added) return value.map((line) => ({ isChange: false, text: draw(' ', line) }));
    const other = removed ? changes[i + 1] : changes[i - 1];
    const isPair =
      other !== undefined && (removed ? other.added : other.removed) && other.value.length === value.length;
    const sign = removed ? '-' : '+';
    const colour = removed ? style.removed : style.added;
    return value.map((line, at) => {
      const words = isPair ? changedWords(line, other.value[at]!, style) : marked(style)(line);
      return { isChange: true, text: colour(`${sign} ${words}`) };
    });
  });
}

/** A line with the words marked that the other one does not have; without marks where nearly all are others. */
function changedWords(line: string, other: string, style: Style): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const changes = diffWordsWithSpace(other.trimStart(), line.trimStart()).filter(({ removed }) => !removed);
  const same = changes.filter(({ added }) => !added).reduce((sum, { value }) => sum + value.length, 0);
  if (same * 3 < line.length - indent.length) return marked(style)(line);
  const words = changes.map(({ added, value }) => (added ? style.strong(marked(style)(value)) : marked(style)(value)));
  return indent + words.join('');
}

/** Only what is near a change. */
function shorten(rows: readonly Row[], style: Style): string[] {
  const isNear = (i: number) => rows.slice(Math.max(0, i - context), i + context + 1).some(({ isChange }) => isChange);
  return rows.flatMap(({ text }, i) => (isNear(i) ? [text] : i === 0 || isNear(i - 1) ? [style.quiet('  …')] : []));
}

const marked = (style: Style) => (line: string) => markUnseen(line, style);

/** A word as a shell takes it. */
function shellWord(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${visible(word).replaceAll("'", "'\\''")}'`;
}
