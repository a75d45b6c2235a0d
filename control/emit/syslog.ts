/** Events as syslog messages (RFC 5424): over UDP (RFC 5426), or TCP with octet counting (RFC 6587 section 3.4.1). */
import { createSocket } from 'node:dgram';
import { createConnection, type Socket } from 'node:net';
import type { Emitted, Severity } from './event.ts';

export interface SyslogOptions {
  /** udp://host:port or tcp://host:port */
  address: string;
  facility: string;
  tag: string;
  instance: string;
}

/** RFC 5424 section 6.2.1, table 1. */
const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...[
    'ntp',
    'audit',
    'console',
    'clock',
    'local0',
    'local1',
    'local2',
    'local3',
    'local4',
    'local5',
    'local6',
    'local7',
  ],
];
/** Table 2 of it: informational, warning, critical. */
const levels: Record<Severity, number> = { info: 6, warn: 4, critical: 2 };
const connectMs = 5_000;
/** The port of syslog over UDP. */
const usualPort = 514;

/** One event as a message. */
export function formatSyslog({ severity, type, timestamp, fields }: Emitted, options: SyslogOptions): string {
  const priority = facilities.indexOf(options.facility) * 8 + levels[severity];
  const name = (text: string, most: number) => text.replace(/[^\x21-\x7e]/g, '-').slice(0, most) || '-';
  const head = [timestamp, name(options.instance, 255), name(options.tag, 48), process.pid, name(type, 32), '-'];
  return `<${priority}>1 ${head.join(' ')} ${JSON.stringify({ severity, type, ...fields })}`;
}

/** Gives what sends a batch. */
export function syslogSender(options: SyslogOptions): (events: readonly Emitted[]) => Promise<void> {
  const { protocol, hostname, port } = new URL(options.address);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const target = { host, port: Number(port || usualPort) };
  return protocol === 'udp:' ? udpSender(options, target) : tcpSender(options, target);
}

function udpSender(options: SyslogOptions, { host, port }: { host: string; port: number }) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.unref();
  socket.on('error', () => {});
  return async (events: readonly Emitted[]) => {
    for (const event of events) {
      await new Promise<void>((settle, reject) =>
        socket.send(formatSyslog(event, options), port, host, (error) => (error ? reject(error) : settle())),
      );
    }
  };
}

function tcpSender(options: SyslogOptions, target: { host: string; port: number }) {
  let open: Socket | undefined;
  const connected = async (): Promise<Socket> => {
    if (open && !open.destroyed && open.writable) return open;
    const socket = createConnection(target);
    socket.setTimeout(connectMs, () => socket.connecting && socket.destroy(new Error('no answer')));
    await new Promise<void>((settle, reject) => {
      socket.once('connect', settle);
      socket.once('error', reject);
    });
    socket.setTimeout(0);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.resume();
    socket.unref();
    open = socket;
    return socket;
  };
  return async (events: readonly Emitted[]) => {
    const socket = await connected();
    const text = events
      .map((event) => formatSyslog(event, options))
      .map((message) => `${Buffer.byteLength(message)} ${message}`)
      .join('');
    await new Promise<void>((settle, reject) => socket.write(text, (error) => (error ? reject(error) : settle())));
  };
}
