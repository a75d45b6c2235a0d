/**
 * The pins over a Unix socket of the worker's, to which no route of Envoy's leads: the filter asks how the tools of a list
 * stand (filter/action/pins.ts), and `penstock pins` looks and approves.
 *
 *   POST /judge    a tools/list result, X-Penstock-Upstream names its server → a record for each tool (filter/table/layout.ts)
 *   GET  /pins     all pins (formatPins)
 *   POST /change   a PinChange → all pins; 409 { code, message } where it cannot be
 */
import { createServer, type IncomingMessage } from 'node:http';
import * as layout from '../../filter/table/layout.ts';
import type { LineLog } from '../certs/log.ts';
import { listenOnSocket } from '../certs/socket.ts';
import type { Part } from '../pins/compare.ts';
import type { Sight, Standing } from '../pins/judge.ts';
import { Keeper } from '../pins/keeper.ts';
import { formatPins, PinError } from '../pins/pins.ts';
import { StoreError } from '../pins/store.ts';
import { answer, type InUse, textOf } from './pages.ts';
import { openPinStore } from './pin-place.ts';
import { changePins, type PinChange } from './pin-request.ts';

/** The largest list: request_body_scanning.max_body_bytes may be as large, and the filter sends nothing larger. */
const maxBodyBytes = 2 ** 30;

const standings: Record<Standing, number> = {
  known: layout.PIN_KNOWN,
  cosmetic: layout.PIN_COSMETIC,
  new: layout.PIN_NEW,
  added: layout.PIN_ADDED,
  drifted: layout.PIN_DRIFTED,
  held: layout.PIN_HELD,
};
const bits: Record<Part, number> = {
  description: layout.PIN_PART_DESCRIPTION,
  schema: layout.PIN_PART_SCHEMA,
  title: layout.PIN_PART_TITLE,
  other: layout.PIN_PART_OTHER,
};

/** Serves for the life of the process; `inUse.keepPins` writes what has been seen. @throws SocketError */
export async function servePins(inUse: InUse, log: LineLog): Promise<void> {
  const keeperOf = keepers(inUse, log);
  inUse.keepPins = () => keeperOf().read();
  const server = createServer((request, response) => {
    answerTo(request, keeperOf).then(
      ([status, type, body]) => answer(response, status, type, body),
      (error: Error) => {
        const isKnown = error instanceof PinError || error instanceof StoreError;
        if (!isKnown) log.error(`pins: ${error.message}`);
        const body = { code: error instanceof PinError ? error.code : 'store', message: error.message };
        answer(response, isKnown ? 409 : 500, 'application/json', `${JSON.stringify(body)}\n`);
      },
    );
  });
  await listenOnSocket(server, inUse.plan.runtime.pinsSocket);
}

/** The keeper of the place in use: a reload may name another. */
function keepers(inUse: InUse, log: LineLog): () => Keeper {
  let known: { place: string; keeper: Keeper } | undefined;
  return () => {
    const place = JSON.stringify(inUse.plan.pins.place);
    if (known?.place !== place) {
      const store = openPinStore(inUse.plan.pins.place, process.env);
      const keeper = new Keeper({
        store,
        firstSeen: () => inUse.plan.pins.firstSeen,
        tell: (level, message) => log[level](message),
      });
      known = { place, keeper };
    }
    return known.keeper;
  };
}

type Answer = [status: number, type: string, body: string];

async function answerTo(request: IncomingMessage, keeperOf: () => Keeper): Promise<Answer> {
  const asked = `${request.method} ${request.url}`;
  if (asked === 'GET /pins') return [200, 'application/json', formatPins(await keeperOf().read())];
  if (asked === 'POST /change') {
    const change = JSON.parse(await textOf(request, maxBodyBytes)) as PinChange;
    const pins = await keeperOf().update((pins) => changePins(pins, change, new Date()));
    return [200, 'application/json', formatPins(pins)];
  }
  if (asked !== 'POST /judge') return [404, 'text/plain', 'not found\n'];
  const upstream = request.headers['x-penstock-upstream'];
  if (typeof upstream !== 'string' || upstream === '') return [400, 'text/plain', 'x-penstock-upstream is missing\n'];
  try {
    const sights = await keeperOf().judge(upstream, await textOf(request, maxBodyBytes));
    return sights ? [200, 'text/plain', sights.map(recordOf).join('')] : [422, 'text/plain', 'no list of tools\n'];
  } catch (error) {
    // Nested too deep, or no JSON: nothing of it is a tool that could be approved.
    if (error instanceof SyntaxError || error instanceof RangeError) return [422, 'text/plain', 'cannot be read\n'];
    throw error;
  }
}

/** "d03\n": the standing, and in hexadecimal what has changed. */
function recordOf({ standing, changed, isDouble }: Sight): string {
  const changes = changed.reduce((sum, part) => sum | bits[part], isDouble ? layout.PIN_PART_NAME : 0);
  return `${String.fromCharCode(standings[standing])}${changes.toString(16).padStart(2, '0')}\n`;
}
