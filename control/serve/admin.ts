/**
 * HTTP over a Unix socket, as much of it as the supervisor needs of Envoy's admin interface. Not node:http, which would
 * take 14 MB of the supervisor's memory.
 */
import { connect } from 'node:net';

/** Longest answer that is read: all of /stats/prometheus is some tens of KiB. */
const maxAnswerBytes = 4 * 1024 * 1024;

export interface AdminAnswer {
  status: number;
  body: string;
}

/**
 * One request, one answer.
 * @throws Error where the socket is not there, does not answer in `timeoutMs`, or answers with what is not HTTP
 */
export function askAdmin(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
): Promise<AdminAnswer> {
  return new Promise((settle, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect(socketPath);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    socket.on('connect', () => {
      const length = method === 'POST' ? 'Content-Length: 0\r\n' : '';
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n${length}\r\n`);
    });
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) socket.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      const answer = readAnswer(Buffer.concat(chunks));
      if (answer) settle(answer);
      else reject(new Error('not an HTTP answer'));
    });
  });
}

/** RFC 9112: status line, headers, and a body that is chunked or ends with the connection. */
function readAnswer(bytes: Buffer): AdminAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, Math.max(0, headEnd));
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status === undefined) return undefined;
  const rest = bytes.subarray(headEnd + 4);
  const body = /^transfer-encoding: *chunked/im.test(head) ? joinChunks(rest) : rest;
  return { status: Number(status), body: body.toString('utf8') };
}

function joinChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(parts);
}

/** The value of a metric in Prometheus text whose name and labels begin so; the sum where several do. */
export function sumMetric(text: string, start: string): number {
  let sum = 0;
  for (const line of text.split('\n'))
    if (line.startsWith(start)) sum += Number(line.slice(line.lastIndexOf(' ') + 1)) || 0;
  return sum;
}
