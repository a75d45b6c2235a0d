/**
 * The images of the container tests, made before them: a base of this machine's own binaries, since no registry of images
 * need be reachable, and on it the gateway's image by envoy/Dockerfile. Without a container engine it says so and fails.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findSystemRoots } from '../../control/certs/bundle.ts';
import { findEnvoy } from '../../envoy/find.ts';

export const baseImage = 'penstock-test/base';
export const envoyImage = 'penstock-test/envoy';
export const gatewayImage = 'penstock-test/gateway:0.1.0';

const root = join(import.meta.dirname, '../..');
const roots = '/etc/ssl/certs/ca-certificates.crt';

/** What the build and the gateway's scripts call. */
const programs = ['sh', 'cat', 'chmod', 'dirname', 'env', 'ln', 'ls', 'mkdir', 'readlink', 'rm', 'sleep', 'id'];

// Registries are out of reach, and what the tests start they stop.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
process.env.TESTCONTAINERS_HOST_OVERRIDE = 'localhost';

/** Makes the images. Run by vitest. */
export default async function setup(): Promise<void> {
  requireEngine();
  const folder = mkdtempSync(join(tmpdir(), 'penstock-images-'));
  try {
    const envoy = (await findEnvoy({ env: process.env, log: console.error })).path;
    importImage(baseImage, makeBase(join(folder, 'base'), envoy), `ENV NODE_EXTRA_CA_CERTS=${roots}`);
    importImage(envoyImage, makeEnvoy(join(folder, 'envoy'), envoy));
    docker(
      ...['build', '--network', 'host', '--file', 'envoy/Dockerfile', '--tag', gatewayImage],
      ...['--build-arg', `NODE_IMAGE=${baseImage}`, '--build-arg', `BASE_IMAGE=${baseImage}`],
      ...['--build-arg', `ENVOY_IMAGE=${envoyImage}`, '.'],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function requireEngine(): void {
  const { status, stderr, error } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  const why = error ? 'docker is not installed' : stderr.trim().split('\n').at(-1);
  throw new Error(
    `the container tests need a container engine, and there is none: ${why}; start one, or run .ci/run as root on Debian, which installs it`,
  );
}

function docker(...args: string[]): void {
  execFileSync('docker', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

function importImage(name: string, folder: string, ...changes: string[]): void {
  const archive = `${folder}.tar`;
  execFileSync('tar', [
    '--create',
    '--file',
    archive,
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '--directory',
    folder,
    '.',
  ]);
  docker('import', ...changes.flatMap((change) => ['--change', change]), archive, name);
  rmSync(archive);
}

/** Node of node_modules, npm, a shell and what it calls, with the libraries that they and Envoy load. */
function makeBase(folder: string, envoy: string): string {
  for (const directory of ['etc/ssl/certs', 'usr/local/bin', 'usr/local/lib', 'usr/bin', 'dev', 'proc', 'sys', 'run']) {
    mkdirSync(join(folder, directory), { recursive: true });
  }
  mkdirSync(join(folder, 'tmp'), { mode: 0o1777 });
  symlinkSync('usr/bin', join(folder, 'bin'));
  addBinary(folder, process.execPath, 'usr/local/bin/node');
  addLibraries(folder, envoy);
  for (const program of programs) {
    const path = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    addBinary(folder, path, `usr/bin/${program}`);
  }
  const npm = dirname(dirname(realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim())));
  cpSync(npm, join(folder, 'usr/local/lib/npm'), { recursive: true });
  writeFileSync(join(folder, 'usr/local/bin/npm'), '#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n', {
    mode: 0o755,
  });
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  copyFileSync(findSystemRoots(process.env), join(folder, roots));
  return folder;
}

function makeEnvoy(folder: string, envoy: string): string {
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  mkdirSync(join(folder, 'etc/ssl/certs'), { recursive: true });
  copyFileSync(envoy, join(folder, 'usr/local/bin/envoy'));
  copyFileSync(findSystemRoots(process.env), join(folder, roots));
  return folder;
}

/** Copies a binary and its libraries, as ldd names them, to where they are here. */
function addBinary(folder: string, source: string, target: string): void {
  copyFileSync(realpathSync(source), join(folder, target));
  addLibraries(folder, source);
}

function addLibraries(folder: string, source: string): void {
  const { stdout } = spawnSync('ldd', [source], { encoding: 'utf8' });
  for (const [, library] of stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) {
    const path = join(folder, library!);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(realpathSync(library!), path);
  }
}
