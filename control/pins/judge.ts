/** A tools/list result against the pins of its upstream: how each tool stands, and what the pins are afterwards. Pure. */
import { compareDefinitions, type Part } from './compare.ts';
import { canonicalText, isObject, type Json, member, readJson } from './json.ts';
import { longestDefinitionChars, longestNameChars, mostTools, type Pin, type Pins, type UpstreamPins } from './pins.ts';

/**
 * How a tool of a list stands to its pin:
 * known (the same), cosmetic (the same in meaning), new (seen first, with its upstream), added (not approved, and seen first
 * after its upstream's list was whole), drifted (another meaning), held (not approved).
 */
export type Standing = 'known' | 'cosmetic' | 'new' | 'added' | 'drifted' | 'held';

export interface Sight {
  standing: Standing;
  /** Of a tool that drifted: the parts that have changed. */
  changed: Part[];
  /** The same name stands in this list with another meaning. */
  isDouble: boolean;
}

/** The tools of a list, or of one page of it. */
export interface ToolList {
  tools: Json[];
  /** No further page follows. */
  isLast: boolean;
}

/**
 * The list in a JSON-RPC message of a server, or in its result alone.
 * @returns undefined where there is none
 * @throws SyntaxError, RangeError
 */
export function readToolList(text: string): ToolList | undefined {
  const message = readJson(text);
  const result = isObject(message) && Object.hasOwn(message, 'tools') ? message : member(message, 'result');
  const tools = member(result, 'tools');
  if (!Array.isArray(tools)) return undefined;
  const cursor = member(result, 'nextCursor');
  return { tools, isLast: cursor === undefined || cursor === null };
}

/** What becomes of a tool that is seen first. */
export type FirstSeen = 'trust' | 'hold';

export interface Judged {
  sights: Sight[];
  /** Undefined where nothing changes. */
  next: Pins | undefined;
  /** Something was trusted that must be on record before it is answered. */
  isTrusting: boolean;
}

/** Judges a list. What was approved stays as it is; what is seen beside it is noted. */
export function judgeList(pins: Pins, upstream: string, list: ToolList, firstSeen: FirstSeen, now: Date): Judged {
  const before: UpstreamPins = pins.get(upstream) ?? { isWhole: false, tools: new Map() };
  const tools = new Map(before.tools);
  const doubles = doubleNames(list.tools);
  let isTrusting = false;
  let hasNoted = false;
  const note = (pin: Pin) => {
    tools.set(pin.name, pin);
    hasNoted = true;
  };
  const time = now.toISOString();

  const sightOf = (tool: Json): Sight => {
    const name = member(tool, 'name');
    const definition = isObject(tool) ? canonicalText(tool) : '';
    if (typeof name !== 'string' || name.length > longestNameChars || definition.length > longestDefinitionChars) {
      return sight('held');
    }
    const isDouble = doubles.has(name);
    const pin = tools.get(name);
    if (!pin) {
      if (tools.size >= mostTools) return sight('held');
      if (firstSeen === 'hold' || isDouble) {
        note({ name, seen: definition, seenSince: time });
        return { ...sight('held'), isDouble };
      }
      if (before.isWhole) {
        note({ name, seen: definition, seenSince: time, isAdded: true });
        return sight('added');
      }
      note({ name, pinned: definition, by: 'first-sight', since: time });
      isTrusting = true;
      return sight('new');
    }
    if (pin.pinned === undefined) {
      if (pin.seen !== definition) note({ ...pin, seen: definition, seenSince: time });
      return { ...sight(pin.isAdded && firstSeen === 'trust' ? 'added' : 'held'), isDouble };
    }
    const { same, changed } = compareDefinitions(pin.pinned, definition);
    if (changed.length === 0) return { ...sight(same ? 'known' : 'cosmetic'), isDouble };
    if (pin.seen !== definition) note({ ...pin, seen: definition, seenSince: time });
    return { standing: 'drifted', changed, isDouble };
  };

  const sights = list.tools.map(sightOf);
  const isWhole = before.isWhole || list.isLast;
  const hasChanged = hasNoted || isWhole !== before.isWhole;
  const next = hasChanged ? new Map([...pins, [upstream, { isWhole, tools }]]) : undefined;
  return { sights, next, isTrusting };
}

function sight(standing: Standing): Sight {
  return { standing, changed: [], isDouble: false };
}

/** Names that stand twice with two meanings: nobody knows which of them a client takes, so neither passes. */
function doubleNames(tools: Json[]): Set<string> {
  const first = new Map<string, Json>();
  const doubles = new Set<string>();
  for (const tool of tools) {
    const name = member(tool, 'name');
    if (typeof name !== 'string') continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, tool);
    else if (compareDefinitions(canonicalText(earlier), canonicalText(tool)).changed.length > 0) doubles.add(name);
  }
  return doubles;
}
