/** A name server of the bench: every name has the same IPv4 address. It listens where test/isolate.ts points the resolver. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const typeA = 1;
const headerBytes = 12;
/** Longer than any part of the bench: the bench measures the gateway, not how often it asks again. */
const ttlSeconds = 3600;

export class NameServer {
  queries = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Answers on 127.0.0.1:53 until closed. */
  static async start(address: string): Promise<NameServer> {
    const socket = createSocket('udp4');
    const server = new NameServer(socket);
    socket.on('message', (query, from) => {
      server.queries++;
      socket.send(answerTo(query, address), from.port, from.address);
    });
    socket.bind(53, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  close(): void {
    this.#socket.close();
  }
}

/** RFC 1035, section 4: the question again, and one address where it asks for one. */
function answerTo(query: Buffer, address: string): Buffer {
  let end = headerBytes;
  while (query[end] !== undefined && query[end] !== 0) end += query[end]! + 1;
  const question = query.subarray(headerBytes, end + 5);
  const isA = query.readUInt16BE(end + 1) === typeA;
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  // A response, recursion desired and available, no error.
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isA ? 1 : 0, 6);
  if (!isA) return Buffer.concat([header, question]);
  const record = Buffer.alloc(16);
  // The name is the question's, at offset 12.
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(typeA, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  address.split('.').forEach((part, index) => {
    record[12 + index] = Number(part);
  });
  return Buffer.concat([header, question, record]);
}
