import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A running process, read from /proc. */
export interface ProcessEntry {
  pid: number;
  parentPid: number;
  /** proc(5) state letter: R running, S sleeping, T stopped, Z zombie … */
  state: string;
  /** Path of the executable; '' when it may not be read or is a zombie. */
  executable: string;
  commandLine: string[];
}

/** The process, or undefined when it has gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    // The second field is the name in parentheses, which may itself hold spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      parentPid: Number(parent),
      state,
      executable: executableOf(pid),
      commandLine: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean),
    };
  } catch {
    return undefined;
  }
}

/** True while the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const entry = readProcess(pid);
  return entry !== undefined && entry.state !== 'Z';
}

/** All living descendants of a process. */
export function descendants(pid: number): ProcessEntry[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined);
  const found: ProcessEntry[] = [];
  const parents = new Set([pid]);
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const entry of all) {
      if (parents.has(entry.parentPid) && !parents.has(entry.pid)) {
        parents.add(entry.pid);
        if (entry.state !== 'Z') found.push(entry);
      }
    }
  }
  return found;
}

/** Resident memory in KiB, from /proc/PID/status; 0 for a process that has gone. */
export function residentKib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
