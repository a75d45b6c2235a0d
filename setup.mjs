/**
 * Makes a checkout ready to run: packages as in package-lock.json, the wasm in build/ as in filter/, a compile cache. What is done
 * already is skipped. Run by the npm scripts, before Node 24 is there: plain JavaScript, Node 20 or later, built-ins only.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files outside filter/ that decide what the compiler makes of it. */
const filterExtras = ['asconfig.json', 'asconfig.scanner.json', 'package-lock.json'];

/**
 * Installs and builds what is missing or has changed below `root`.
 * @param {string} root the checkout
 * @param {{ run: (command: string, args: string[], env?: object) => void, say: (line: string) => void }} host runs a command, or throws
 * @returns {string[]} what was done: 'packages', 'filter', 'compile-cache'
 */
export function setUp(root, { run, say }) {
  const done = [];
  const packagesStamp = join(root, 'node_modules', '.penstock-packages');
  const packages = hash(root, ['package-lock.json', 'package.json']);
  if (read(packagesStamp) !== packages) {
    say('installing packages …');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(packagesStamp, packages);
    done.push('packages');
  }

  const wasm = join(root, 'build', 'filter.wasm');
  const filterStamp = `${wasm}.source`;
  const filter = hash(root, [...filterExtras, ...filterSources(root)]);
  if (!existsSync(wasm) || read(filterStamp) !== filter) {
    say('building the filter …');
    mkdirSync(dirname(wasm), { recursive: true });
    for (const config of ['asconfig.json', 'asconfig.scanner.json'])
      run(join(root, 'node_modules', '.bin', 'asc'), ['--config', config, '--target', 'release']);
    writeFileSync(filterStamp, filter);
    done.push('filter');
  }

  const cache = join(root, 'build', 'compile-cache');
  if (!existsSync(cache)) {
    say('warming the compile cache …');
    run(join(root, 'node_modules', '.bin', 'node'), ['control/serve/warm.ts'], { NODE_COMPILE_CACHE: cache });
    done.push('compile-cache');
  }
  return done;
}

/** The filter's own TypeScript, without tests and without the host emulator, which is control's kind of code. */
function filterSources(root) {
  return readdirSync(join(root, 'filter'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !/[\\/](host|node_modules)[\\/]/.test(path))
    .sort();
}

/** One hash over names and bytes: times mean nothing in a checkout that git wrote. */
function hash(root, paths) {
  const sum = createHash('sha256');
  for (const path of paths)
    sum
      .update(`${path}\0`)
      .update(read(join(root, path)) ?? '')
      .update('\0');
  return sum.digest('hex');
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(fileURLToPath(import.meta.url));
  const say = (line) => process.stderr.write(`penstock: ${line}\n`);
  const run = (command, args, env = {}) => {
    // Its words go to stderr: what penstock prints on stdout may be read by a program.
    const { status, error } = spawnSync(command, args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, ...env },
    });
    if (error) throw new Error(`${command}: ${error.message}`);
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: failed; see above`);
  };
  const [major] = process.versions.node.split('.').map(Number);
  try {
    if (major < 20) throw new Error(`Node ${process.versions.node} is too old; install Node 20 or later`);
    setUp(root, { run, say });
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
