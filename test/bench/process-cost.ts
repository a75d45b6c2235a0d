/** What processes have taken of the machine, from /proc. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { descendants, readProcess, residentKib } from '../harness/process-tree.ts';

/** USER_HZ: proc(5) counts processor time in these, 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Processor seconds, user and system, that a process has used since its start; 0 for one that has gone. */
export function processorSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields 14 and 15 of proc(5); the name before them may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return 0;
  }
}

export interface Memory {
  pid: number;
  /** What it is: envoy, supervisor, worker, or its executable's name. */
  role: string;
  residentMib: number;
  /** Proportional: pages that several processes share are counted in parts. */
  proportionalMib: number;
}

/** The memory of a process and of all below it. */
export function memoryOf(supervisor: number): Memory[] {
  const root = readProcess(supervisor);
  if (!root) throw new Error(`process ${supervisor} has gone`);
  return [root, ...descendants(supervisor)].map(({ pid, executable, parentPid }) => {
    const name = basename(executable);
    const role = pid === supervisor ? 'supervisor' : name === 'node' && parentPid === supervisor ? 'worker' : name;
    return { pid, role, residentMib: residentKib(pid) / 1024, proportionalMib: proportionalKib(pid) / 1024 };
  });
}

/** RSS of all of them together, MiB. */
export function residentMib(list: readonly Memory[]): number {
  return list.reduce((total, { residentMib: one }) => total + one, 0);
}

function proportionalKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
