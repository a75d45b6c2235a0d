import { setTimeout as sleep } from 'node:timers/promises';
import { type Memory, memoryOf, residentMib } from './process-cost.ts';

const stepMillis = 1_000;
/** Steps without a lower figure after which memory is taken to have come to rest. */
const quietSteps = 4;
/** V8 collects when it is idle: twenty seconds show it. */
const mostSteps = 20;

/** The least memory of a process tree in the seconds after work: what stays, without what is about to be given back. */
export async function settledMemory(supervisor: number): Promise<Memory[]> {
  let least = memoryOf(supervisor);
  let quiet = 0;
  for (let step = 0; step < mostSteps && quiet < quietSteps; step++) {
    await sleep(stepMillis);
    const found = memoryOf(supervisor);
    quiet++;
    if (residentMib(found) < residentMib(least)) {
      // A step of less than a hundredth is no reason to wait for more.
      if (residentMib(found) < residentMib(least) * 0.99) quiet = 0;
      least = found;
    }
  }
  return least;
}

/** RSS of the processes of a role together, MiB. */
export function residentOf(list: readonly Memory[], role: string): number {
  return residentMib(list.filter((one) => one.role === role));
}
