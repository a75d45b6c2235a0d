/**
 * Installs the SDKs that scenarios play into the user's cache: by npm and pip, so that the user's own mirrors and proxies
 * apply, and pinned by package-lock.json and requirements.txt, every byte by hash. Run before the scenarios: they run where
 * no packet can leave the machine.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const pins = ['package.json', 'package-lock.json', 'requirements.txt'];

/** Where the clients are: node_modules for Node, `python` for PYTHONPATH. Another pin is another folder. */
export function clientsDirectory(): string {
  const hash = createHash('sha256');
  for (const name of pins) hash.update(readFileSync(join(here, name)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'penstock', `clients-${hash.digest('hex').slice(0, 16)}`);
}

/** Installs what is missing. Throws with what npm or pip said. */
export function installClients(): void {
  const directory = clientsDirectory();
  if (existsSync(directory)) return;
  process.stderr.write(`installing the clients of the scenarios into ${directory} (once) …\n`);
  const work = `${directory}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    for (const name of pins) cpSync(join(here, name), join(work, name));
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', work], work);
    const options = ['--require-hashes', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'];
    const python = ['-m', 'pip', 'install', ...options, '--target', join(work, 'python'), '-r', 'requirements.txt'];
    run('python3', python, work);
    // Complete before it has its name.
    renameSync(work, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], directory: string): void {
  const { status, error } = spawnSync(command, args, { cwd: directory, stdio: ['ignore', 2, 2] });
  if (error) throw new Error(`clients: ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`clients: ${command} ${args[0]} ended with ${status}`);
}

if (import.meta.main) installClients();
