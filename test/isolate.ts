/**
 * Runs the scenario tests, or another command, where no packet can leave the machine: a network namespace that holds
 * nothing but `lo`, and a mount namespace whose /etc/hosts knows the test names.
 *
 *   node test/isolate.ts [FILTER…]          vitest's scenario project
 *   node test/isolate.ts -- COMMAND ARG…    another command
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installClients } from './clients/install.ts';
import { hostsFile } from './harness/names.ts';

const root = join(import.meta.dirname, '..');

/** Ways to enter the namespaces, the first that works is taken: as root, then by a user namespace. */
const entrances = [
  ['-n', '-m'],
  ['-r', '-n', '-m'],
];

/** Ways to bring `lo` up, the first that is installed is taken; the last is SIOCSIFFLAGS (0x8914) with IFF_UP | IFF_RUNNING. */
const loopbackUp = [
  { tool: 'ip', command: 'ip link set lo up' },
  { tool: 'ifconfig', command: 'ifconfig lo up' },
  {
    tool: 'python3',
    command: `python3 -c 'import fcntl,socket,struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))'`,
  },
];

function installed(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' }).status === 0;
}

function fail(problem: string): never {
  process.stderr.write(`isolate: ${problem}\n`);
  process.exit(2);
}

function findEntrance(): string[] {
  if (process.platform !== 'linux')
    fail(`${process.platform}: network namespaces need linux; run the scenarios in a linux machine or container`);
  if (!installed('unshare')) fail('unshare: not found; install util-linux');
  const failures: string[] = [];
  for (const options of entrances) {
    const tried = spawnSync('unshare', [...options, 'true'], { encoding: 'utf8' });
    if (tried.status === 0) return options;
    failures.push(`unshare ${options.join(' ')}: ${tried.stderr.trim()}`);
  }
  fail(
    `no network namespace: ${failures.join('; ')}; run as root, or allow user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)`,
  );
}

function findLoopbackUp(): string {
  const found = loopbackUp.find(({ tool }) => installed(tool));
  if (found === undefined) fail('nothing to bring lo up with; install iproute2 (or net-tools, or python3)');
  return found.command;
}

function commandLine(args: string[]): string[] {
  if (args[0] === '--') return args.slice(1);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return [process.execPath, vitest, 'run', '--project', 'scenario', ...args];
}

/** Passes SIGINT and SIGTERM on, so that the tests can stop what they started; ends as the child ended. */
function follow(child: ChildProcess, folder: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(code ?? (signal === null ? 1 : 128));
  });
}

if (process.argv[2] !== '--') installClients();
const entrance = findEntrance();
const command = commandLine(process.argv.slice(2));
if (command.length === 0) fail('--: no command follows; write one, or leave -- out to run the scenario tests');
const folder = mkdtempSync(join(tmpdir(), 'penstock-isolate-'));
const hosts = join(folder, 'hosts');
const resolver = join(folder, 'resolv.conf');
writeFileSync(hosts, hostsFile());
// Nothing listens there: a name outside /etc/hosts fails at once instead of after the resolver's usual 10 s.
writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');

const inside = [
  findLoopbackUp(),
  'mount --bind "$1" /etc/hosts',
  '{ mount --bind "$2" /etc/resolv.conf 2>/dev/null || true; }',
  'shift 2',
  'exec "$@"',
].join(' && ');
const child = spawn('unshare', [...entrance, 'sh', '-c', inside, 'sh', hosts, resolver, ...command], {
  stdio: 'inherit',
  cwd: root,
});
child.on('error', (error) => fail(`unshare: ${error.message}`));
follow(child, folder);
