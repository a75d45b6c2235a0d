/** `penstock pins …`: looks at pins and changes them. Each command gives what it prints. */
import { readFileSync } from 'node:fs';
import { compareDefinitions } from '../pins/compare.ts';
import { digestOf, formatPins, type Pin, type Pins, type Place } from '../pins/pins.ts';
import { showDiff, showList, showPin } from '../pins/show.ts';
import { coloured, plain, type Style, visible } from '../pins/visible.ts';
import { readText } from './assemble.ts';
import { StartError } from './options.ts';
import { pinAccess } from './pin-access.ts';

export interface PinOptions {
  stateDirectory: string;
  /** Text for a terminal with colours. */
  isColoured: boolean;
}

export async function listPins({ stateDirectory, isColoured }: PinOptions): Promise<string> {
  return showList(await pinAccess(stateDirectory).read(), styleOf(isColoured));
}

export async function showTool(wanted: string, { stateDirectory, isColoured }: PinOptions): Promise<string> {
  const pins = await pinAccess(stateDirectory).read();
  const place = placeOf(pins, wanted);
  return showPin(place.upstream, pinOf(pins, place), styleOf(isColoured));
}

export async function diffTool(wanted: string, { stateDirectory, isColoured }: PinOptions): Promise<string> {
  const pins = await pinAccess(stateDirectory).read();
  const place = placeOf(pins, wanted);
  return showDiff(place.upstream, pinOf(pins, place), styleOf(isColoured));
}

/** Approves tools, or with none named and `all` every one that waits. */
export async function approveTools(
  wanted: readonly string[],
  { all, digest, stateDirectory }: PinOptions & { all: boolean; digest: string | undefined },
): Promise<string> {
  const access = pinAccess(stateDirectory);
  const pins = await access.read();
  if (all === wanted.length > 0) throw new StartError(['pins approve: name the tools, or give --all; not both']);
  if (digest !== undefined && wanted.length !== 1) throw new StartError(['--digest: is that of one tool; name one']);
  const places = all ? waiting(pins) : wanted.map((each) => placeOf(pins, each));
  if (places.length === 0) return 'nothing waits for approval\n';
  // What was looked at a moment ago is what is approved, and not what came since.
  const seen = places.map((place) => {
    const { seen } = pinOf(pins, place);
    return { ...place, ...((digest ?? seen) !== undefined && { digest: digest ?? digestOf(seen as string) }) };
  });
  const after = await access.change({ do: 'approve', places: seen });
  return places
    .map((place) => `approved  ${nameOf(place)}  digest ${digestOf(pinOf(after, place).pinned as string)}\n`)
    .join('');
}

export async function revokeTools(wanted: readonly string[], { stateDirectory }: PinOptions): Promise<string> {
  const access = pinAccess(stateDirectory);
  const pins = await access.read();
  const places = wanted.map((each) => placeOf(pins, each));
  await access.change({ do: 'revoke', places });
  return places.map((place) => `revoked   ${nameOf(place)}  held until it is approved again\n`).join('');
}

export async function exportPins({ stateDirectory }: PinOptions): Promise<string> {
  return formatPins(await pinAccess(stateDirectory).read());
}

/** Takes the pins of a file, or of stdin where it is `-`; tools that it does not name stay as they are. */
export async function importPins(file: string, { stateDirectory }: PinOptions): Promise<string> {
  const place = file === '-' ? 'stdin' : file;
  const pins = file === '-' ? readFileSync(0, 'utf8') : readText(file, 'give a file of penstock pins export');
  const before = await pinAccess(stateDirectory).read();
  const after = await pinAccess(stateDirectory).change({ do: 'import', pins, place });
  const count = [...after].flatMap(([upstream, { tools }]) =>
    [...tools.values()].filter((pin) => isOther(pin, before.get(upstream)?.tools.get(pin.name))),
  ).length;
  return `imported  ${count === 1 ? '1 tool differs' : `${count} tools differ`} from what was kept\n`;
}

function isOther(pin: Pin, before: Pin | undefined): boolean {
  if (pin.pinned === undefined || before?.pinned === undefined) return pin.pinned !== before?.pinned;
  return !compareDefinitions(pin.pinned, before.pinned).same;
}

const styleOf = (isColoured: boolean): Style => (isColoured ? coloured : plain);
const nameOf = ({ upstream, tool }: Place) => `${visible(upstream)}/${visible(tool)}`;
const pinOf = (pins: Pins, { upstream, tool }: Place): Pin => pins.get(upstream)!.tools.get(tool)!;

function waiting(pins: Pins): Place[] {
  return [...pins].flatMap(([upstream, { tools }]) =>
    [...tools.values()].filter(({ seen }) => seen !== undefined).map(({ name }) => ({ upstream, tool: name })),
  );
}

/** The tool that TOOL or UPSTREAM/TOOL names, written as it is or as it is shown. @throws StartError */
function placeOf(pins: Pins, wanted: string): Place {
  const all = [...pins].flatMap(([upstream, { tools }]) =>
    [...tools.keys()].map((tool): Place => ({ upstream, tool })),
  );
  const names = ({ upstream, tool }: Place) => [
    tool,
    visible(tool),
    `${upstream}/${tool}`,
    `${visible(upstream)}/${visible(tool)}`,
  ];
  const found = all.filter((place) => names(place).includes(wanted));
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new StartError([`${visible(wanted)}: no such tool; penstock pins list shows all`]);
  throw new StartError([`${visible(wanted)}: stands for several; write one of ${found.map(nameOf).join(', ')}`]);
}
