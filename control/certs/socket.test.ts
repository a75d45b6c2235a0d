import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenOnSocket } from './socket.ts';

let folder: string;
let path: string;
let servers: Server[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-socket-'));
  path = join(folder, 'x.sock');
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

function listen(at = path): Promise<void> {
  const server = createServer((connection) => connection.end());
  servers.push(server);
  return listenOnSocket(server, at);
}

test('the socket is for its user alone, and the umask is as before', async () => {
  const before = process.umask();
  await listen();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(process.umask()).toBe(before);
});

test('one that somebody listens on is left alone', async () => {
  await listen();
  await expect(listen()).rejects.toMatchObject({ code: 'socket-in-use' });
  await once(connect(path), 'connect');
});

test('one that a killed process left is replaced', async () => {
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script, path]), 'exit');
  expect(existsSync(path)).toBe(true);
  await listen();
  await once(connect(path), 'connect');
});

test('another file is left alone', async () => {
  writeFileSync(path, 'mine');
  await expect(listen()).rejects.toMatchObject({ code: 'socket-not-a-socket' });
  expect(readFileSync(path, 'utf8')).toBe('mine');
});

test('a path that is too long, and a folder that is not there', async () => {
  await expect(listen(join(folder, 'a'.repeat(100)))).rejects.toMatchObject({ code: 'socket-path-long' });
  await expect(listen(join(folder, 'none', 'x.sock'))).rejects.toMatchObject({ code: 'socket-not-writable' });
});
