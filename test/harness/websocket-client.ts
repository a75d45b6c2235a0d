/** WebSocket clients: HTTP/1.1, HTTP/2 (RFC 8441), and Node's own in a process of its own. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout, cleanEnvironment } from './command.ts';
import type { Fields } from './field.ts';
import { nextChunk, openTunnel, openWay, type Route, readHead, secure } from './tunnel.ts';
import { within } from './wait.ts';
import { type Frame, FrameReader } from './websocket.ts';

/** A WebSocket over HTTP/1.1: the answer's head, a way to send bytes, and one to read the next frame. */
export async function upgrade(
  route: Route,
  url: string,
  fields: Fields = [],
): Promise<{ head: string; send(bytes: Buffer): void; next(): Promise<Frame>; key: string; socket: Socket }> {
  const target = new URL(url);
  const socket = await openWay(route, target);
  const key = randomBytes(16).toString('base64');
  const isAbsolute = target.protocol === 'http:' && route.proxy !== undefined;
  socket.write(
    [
      `GET ${isAbsolute ? url : target.pathname + target.search} HTTP/1.1`,
      `Host: ${target.host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: chat',
      ...fields.map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n'),
  );
  const { head, rest } = await within('the answer to the upgrade', readHead(socket));
  const reader = new FrameReader();
  const frames: Frame[] = reader.feed(rest);
  const next = async (): Promise<Frame> => {
    while (frames.length === 0) {
      const chunk = await within('a frame', nextChunk(socket));
      if (chunk === undefined) throw new Error('closed before the next frame');
      frames.push(...reader.feed(chunk));
    }
    return frames.shift()!;
  };
  return { head, send: (bytes) => void socket.write(bytes), next, key, socket };
}

/** A WebSocket over one stream of an HTTP/2 connection through the proxy. */
export async function openExtended(
  route: Route,
  url: string,
): Promise<{ send(frame: Buffer): void; next(): Promise<Frame>; tcp: Socket }> {
  const target = new URL(url);
  const tcp = await openTunnel(route.proxy!, `${target.hostname}:443`);
  const tls = await secure(tcp, route.ca, target.hostname, ['h2']);
  const session = http2.connect(target.origin, { createConnection: () => tls });
  session.on('error', () => {});
  await within('the settings of HTTP/2', once(session, 'remoteSettings'));
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': target.pathname,
      ':authority': target.host,
      ':scheme': 'https',
      'sec-websocket-version': '13',
      'sec-websocket-extensions': 'permessage-deflate',
    },
    { endStream: false },
  );
  stream.on('error', () => {});
  const reader = new FrameReader();
  const frames: Frame[] = [];
  let wake = () => {};
  stream.on('data', (bytes: Buffer) => {
    frames.push(...reader.feed(bytes));
    wake();
  });
  const [headers] = (await within('the answer to the upgrade', once(stream, 'response'))) as [Record<string, unknown>];
  if (headers[':status'] !== 200) throw new Error(`answered ${headers[':status']}`);
  const next = async (): Promise<Frame> => {
    while (frames.length === 0) {
      await within(
        'a frame',
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
      );
    }
    return frames.shift()!;
  };
  return { send: (bytes) => void stream.write(bytes), next, tcp };
}

const script = `
const [url, ...messages] = process.argv.slice(1);
const socket = new WebSocket(url);
const say = (line) => console.log(JSON.stringify(line));
const send = () => { if (messages.length > 0) socket.send(messages.shift()); else socket.close(); };
socket.onopen = () => { say('open'); send(); };
socket.onmessage = ({ data }) => { say('message ' + data); send(); };
socket.onerror = ({ error }) => say('error ' + error?.message);
socket.onclose = ({ code, reason }) => say('close ' + code + ' ' + reason);
`;

/** Node's WebSocket sends the messages, each when the one before has been answered; gives what happened to it. */
export async function runNodeClient(route: Route, url: string, messages: string[]): Promise<{ events: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'penstock-websocket-'));
  writeFileSync(join(directory, 'ca.crt'), route.ca);
  const proxy = `http://${route.proxy!.address}:${route.proxy!.port}`;
  const child = spawn(
    join(checkout, 'node_modules/.bin/node'),
    ['--use-env-proxy', '--input-type=module', '--eval', script, '--', url, ...messages],
    {
      env: cleanEnvironment({
        HTTPS_PROXY: proxy,
        HTTP_PROXY: proxy,
        NODE_EXTRA_CA_CERTS: join(directory, 'ca.crt'),
      }),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  try {
    await within("the end of Node's client", once(child, 'close'), 30_000);
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
  const lines = out.split('\n').filter((line) => line !== '');
  return { events: lines.map((line) => JSON.parse(line) as string) };
}
