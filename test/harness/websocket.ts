/**
 * The part of RFC 6455 that the scenarios need: the handshake, unfragmented frames of any length, close. No
 * extensions.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Fields } from './field.ts';

export const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  opcode: number;
  payload: Buffer;
}

/** RFC 6455, section 1.3. */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The Sec-WebSocket-Accept value for a Sec-WebSocket-Key. */
export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + acceptGuid)
    .digest('base64');
}

/** A message in several frames, one for each payload. */
export function fragments(code: number, payloads: readonly Buffer[], masked: boolean): Buffer {
  const last = payloads.length - 1;
  return Buffer.concat(payloads.map((payload, i) => frame(i === 0 ? code : 0, payload, masked, i === last)));
}

/** One frame; `masked` as clients must (RFC 6455, section 5.2). */
export function frame(code: number, payload: Buffer, masked: boolean, isFinal = true): Buffer {
  const maskBit = masked ? 0x80 : 0;
  const first = (isFinal ? 0x80 : 0) | code;
  let head: Buffer;
  if (payload.length < 126) {
    head = Buffer.from([first, maskBit | payload.length]);
  } else if (payload.length < 65_536) {
    head = Buffer.from([first, maskBit | 126, payload.length >> 8, payload.length & 0xff]);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = maskBit | 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index & 3]!)]);
}

/** Cuts bytes into frames; feed it what arrives, in any pieces. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  /** The frames that are complete with `bytes`. */
  feed(bytes: Buffer): Frame[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const frames: Frame[] = [];
    for (let one = this.take(); one !== undefined; one = this.take()) frames.push(one);
    return frames;
  }

  private take(): Frame | undefined {
    const bytes = this.rest;
    if (bytes.length < 2) return undefined;
    const code = bytes[0]! & 0x0f;
    const masked = (bytes[1]! & 0x80) !== 0;
    let length = bytes[1]! & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    const mask = masked ? bytes.subarray(at, at + 4) : undefined;
    if (masked) at += 4;
    if (bytes.length < at + length) return undefined;
    const body = bytes.subarray(at, at + length);
    this.rest = bytes.subarray(at + length);
    return {
      opcode: code,
      payload: Buffer.from(mask === undefined ? body : body.map((byte, index) => byte ^ mask[index & 3]!)),
    };
  }
}

/** Answers an upgrade with 101 and these `fields`, echoes text and binary frames, answers ping and close; tells each frame to `onFrame`. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  onFrame: (frame: Frame) => void = () => {},
  fields: Fields = [],
): void {
  const key = request.headers['sec-websocket-key'];
  if (key === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim();
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptKey(key)}`,
      ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
      ...fields.map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n'),
  );
  const reader = new FrameReader();
  const receive = (bytes: Buffer): void => {
    for (const { opcode: code, payload } of reader.feed(bytes)) {
      onFrame({ opcode: code, payload });
      if (code === opcode.close) {
        socket.end(frame(opcode.close, payload, false));
        return;
      }
      if (code === opcode.ping) socket.write(frame(opcode.pong, payload, false));
      else if (code === opcode.text || code === opcode.binary) socket.write(frame(code, payload, false));
    }
  };
  socket.on('error', () => {});
  socket.on('data', receive);
  if (head.length > 0) receive(head);
}
