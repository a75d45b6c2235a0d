/**
 * The pins as `penstock pins` reaches them. A gateway that runs has the only say over them, so it is asked; else the file of
 * the state directory is opened, and for a change its lock is taken, so that no gateway starts meanwhile.
 */
import { request } from 'node:http';
import { resolve } from 'node:path';
import { FileStore } from '../pins/file-store.ts';
import { PinError, type Pins, parsePins } from '../pins/pins.ts';
import { StoreError } from '../pins/store.ts';
import { takeLock } from './lock.ts';
import { StartError } from './options.ts';
import { pinFile } from './pin-place.ts';
import { changePins, type PinChange } from './pin-request.ts';
import { stateLayout } from './plan.ts';

/** The store of a cluster may be slow. */
const answerLimitMs = 10_000;

export interface PinAccess {
  /** @throws StartError */
  read(): Promise<Pins>;
  /** Gives the pins after the change. @throws StartError */
  change(change: PinChange): Promise<Pins>;
}

/** The pins of a state directory. */
export function pinAccess(stateDirectory: string): PinAccess {
  const layout = stateLayout(resolve(stateDirectory));
  const ask = async (method: 'GET' | 'POST', path: string, body = ''): Promise<Pins | undefined> => {
    const answer = await send(layout.pinsSocket, method, path, body);
    if (!answer) return undefined;
    if (answer.status === 200) return parsePins(answer.text, 'the gateway');
    const { message } = readMessage(answer.text);
    throw new StartError([message]);
  };
  const store = new FileStore(pinFile(resolve(stateDirectory)));
  return {
    read: () => plainly(async () => (await ask('GET', '/pins')) ?? store.read()),
    change: (change) =>
      plainly(async () => {
        const changed = await ask('POST', '/change', JSON.stringify(change));
        if (changed) return changed;
        const lock = await takeLock(layout.lockSocket);
        try {
          return await store.update((pins) => changePins(pins, change, new Date()));
        } finally {
          lock.release();
        }
      }),
  };
}

async function plainly<T>(doing: () => Promise<T>): Promise<T> {
  try {
    return await doing();
  } catch (error) {
    if (error instanceof PinError || error instanceof StoreError) throw new StartError([error.message]);
    throw error;
  }
}

function readMessage(text: string): { message: string } {
  try {
    return JSON.parse(text) as { message: string };
  } catch {
    return { message: `the gateway answers: ${text.trim()}` };
  }
}

/** Undefined where no gateway listens. */
function send(
  socketPath: string,
  method: string,
  path: string,
  body: string,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((settle, reject) => {
    const call = request({ socketPath, method, path, signal: AbortSignal.timeout(answerLimitMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => settle({ status: response.statusCode ?? 0, text }));
      response.once('error', reject);
    });
    call.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') settle(undefined);
      else reject(new StartError([`${socketPath}: the gateway does not answer: ${error.message}; try again`]));
    });
    call.end(body);
  });
}
