/** The pins of all upstreams: what is kept of each tool, its text in a file, and what a person may do to them. */
import { createHash } from 'node:crypto';

/** One tool of one upstream. Definitions are canonical JSON texts. */
export interface Pin {
  name: string;
  /** The approved definition; left out while the tool is held. */
  pinned?: string;
  /** How it came to be approved, and when (ISO 8601). */
  by?: 'first-sight' | 'approval' | 'import';
  since?: string;
  /** The last definition that was seen and is not approved, and when it was first seen. Never what is enforced. */
  seen?: string;
  seenSince?: string;
  /** It was seen first when its upstream's list was whole already, and was never approved. */
  isAdded?: boolean;
}

/** What is known of one upstream. */
export interface UpstreamPins {
  /** True once a list has been seen to its end: a tool that comes later was added. */
  isWhole: boolean;
  /** By name. */
  tools: Map<string, Pin>;
}

/** Upstream name → its pins. Values are not changed in place. */
export type Pins = ReadonlyMap<string, UpstreamPins>;

/** More tools of one upstream than this are held: its list would be a way to fill the store. */
export const mostTools = 1_000;
/** A longer name is nothing that a model could call. MCP recommends 128 at most. */
export const longestNameChars = 256;
/** A longer definition is held and not kept; real ones have a few thousand characters. */
export const longestDefinitionChars = 65_536;

/** What is wrong with a text that should hold pins, or with a command. `code` is stable. */
export class PinError extends Error {
  override readonly name = 'PinError';
  readonly code:
    | 'pins-damaged'
    | 'pins-version'
    | 'no-such-tool'
    | 'several-tools'
    | 'nothing-to-approve'
    | 'other-digest';
  constructor(code: PinError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface Stored {
  version: number;
  upstreams: { name: string; isWhole: boolean; tools: Pin[] }[];
}

const version = 1;

/** The pins as a text: JSON, a tool to a line, so that two of them can be told apart by any diff. */
export function formatPins(pins: Pins): string {
  const upstreams = [...pins].sort(byName).map(([name, { isWhole, tools }]) => {
    const lines = [...tools].sort(byName).map(([, pin]) => `\n    ${JSON.stringify(pin)}`);
    return `\n  {"name":${JSON.stringify(name)},"isWhole":${isWhole},"tools":[${lines.join(',')}]}`;
  });
  return `{"version":${version},"upstreams":[${upstreams.join(',')}]}\n`;
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Reads what formatPins writes.
 * @param place what messages call the text
 * @throws PinError
 */
export function parsePins(text: string, place: string): Pins {
  const damaged = (what: string) =>
    new PinError(
      'pins-damaged',
      `${place}: ${what}; restore it from penstock pins export, or move it away to start anew`,
    );
  let stored: Stored;
  try {
    stored = JSON.parse(text) as Stored;
  } catch {
    throw damaged('is no JSON');
  }
  if (stored?.version !== version) {
    if (typeof stored?.version !== 'number') throw damaged('holds no pins');
    const message = `${place}: has version ${stored.version}, and this gateway reads ${version}; use the gateway that wrote it`;
    throw new PinError('pins-version', message);
  }
  if (!Array.isArray(stored.upstreams)) throw damaged('upstreams is no list');
  const pins = new Map<string, UpstreamPins>();
  for (const upstream of stored.upstreams) {
    const isSound = typeof upstream?.name === 'string' && Array.isArray(upstream.tools) && upstream.tools.every(isPin);
    if (!isSound) throw damaged('an upstream is not as it was written');
    const tools = new Map(upstream.tools.map((pin) => [pin.name, pin]));
    pins.set(upstream.name, { isWhole: upstream.isWhole === true, tools });
  }
  return pins;
}

function isPin(pin: Pin): boolean {
  const texts = [pin?.pinned, pin?.seen, pin?.by, pin?.since, pin?.seenSince];
  return (
    typeof pin?.name === 'string' &&
    texts.every((text) => text === undefined || typeof text === 'string') &&
    (pin.pinned !== undefined || pin.seen !== undefined) &&
    [pin.pinned, pin.seen].every((definition) => definition === undefined || isJson(definition))
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A short name of a definition: what a person has looked at is what they approve. */
export function digestOf(definition: string): string {
  return createHash('sha256').update(definition).digest('hex').slice(0, 12);
}

/** A tool of an upstream. */
export interface Place {
  upstream: string;
  tool: string;
}

/** The pin at a place. @throws PinError */
export function pinAt(pins: Pins, { upstream, tool }: Place): Pin {
  const pin = pins.get(upstream)?.tools.get(tool);
  if (!pin) throw new PinError('no-such-tool', `${upstream}/${tool}: no such tool; penstock pins list shows all`);
  return pin;
}

/** The pins with another in the place of one. */
export function withPin(pins: Pins, upstream: string, pin: Pin): Pins {
  const { isWhole, tools } = pins.get(upstream) ?? { isWhole: false, tools: new Map() };
  return new Map([...pins, [upstream, { isWhole, tools: new Map([...tools, [pin.name, pin]]) }]]);
}

/**
 * Approves what was seen last.
 * @param digest only if that is what was seen last
 * @throws PinError
 */
export function approve(pins: Pins, place: Place, now: Date, digest?: string): Pins {
  const { name, seen } = pinAt(pins, place);
  const where = `${place.upstream}/${place.tool}`;
  if (seen === undefined) {
    throw new PinError(
      'nothing-to-approve',
      `${where}: nothing else than its pin has been seen; there is nothing to approve`,
    );
  }
  if (digest !== undefined && digestOf(seen) !== digest) {
    const message = `${where}: what was seen last has the digest ${digestOf(seen)}, not ${digest}; look at it again with penstock pins diff`;
    throw new PinError('other-digest', message);
  }
  return withPin(pins, place.upstream, { name, pinned: seen, by: 'approval', since: now.toISOString() });
}

/** Takes an approval back: the tool is held until it is approved again. @throws PinError */
export function revoke(pins: Pins, place: Place, now: Date): Pins {
  const { name, pinned, seen, seenSince } = pinAt(pins, place);
  const held = seen === undefined ? { seen: pinned!, seenSince: now.toISOString() } : { seen, seenSince: seenSince! };
  return withPin(pins, place.upstream, { name, ...held });
}

/** Puts all pins of another text over these, tool by tool. */
export function imported(pins: Pins, from: Pins, now: Date): Pins {
  const all = new Map(pins);
  for (const [name, { isWhole, tools }] of from) {
    const before = all.get(name);
    const taken = [...tools.values()].map((pin): [string, Pin] => [
      pin.name,
      pin.pinned === undefined ? pin : { ...pin, by: 'import', since: now.toISOString() },
    ]);
    all.set(name, {
      isWhole: isWhole || before?.isWhole === true,
      tools: new Map([...(before?.tools ?? []), ...taken]),
    });
  }
  return all;
}
