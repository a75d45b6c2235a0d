// WebSocket frames, sound and broken, through the filter in the host emulator.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { readRules } from '../../control/rules/read.ts';
import { Host, type Plugin } from '../../filter/proxy-wasm-as/host/index.ts';
import { FrameReader, frame, opcode } from '../harness/websocket.ts';
import { compileRules } from '../rules/table.ts';
import type { Pool, Target } from './target.ts';
import { TextArbitrary } from './text.ts';

interface FuzzedFrame {
  opcode: number;
  isFinal: boolean;
  isMasked: boolean;
  payload: Uint8Array;
}

/** What one side sends, where it is cut, and whether bytes that are no frame follow. */
export interface FuzzedSocket {
  side: 'client' | 'origin';
  frames: FuzzedFrame[];
  cuts: number[];
  rest: Uint8Array;
}

const rules = readRules();
const { table } = compileRules(rules);
const filter = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));
/** Linear memory with messages of this size. */
const maxMemoryBytes = 16 << 20;
/** Longer than messages wait for the next ones. */
const waitNanoseconds = 300_000_000n;
/** The same in each play: masks of ours are made of it. */
const start = 1n;
let now = start;

/** Frames through the filter: the same however they are cut, unchanged where they pass, closed where they do not. */
export class WebSocketTarget implements Target<FuzzedSocket> {
  readonly name = 'websocket';
  #vm: { host: Host; plugin: Plugin } | undefined;

  inputs(pool: Pool): fc.Arbitrary<FuzzedSocket> {
    const text = new TextArbitrary(pool, 3000);
    const frames = (isMasked: boolean) =>
      fc.array(
        fc.record({
          opcode: fc.oneof(
            { weight: 8, arbitrary: fc.constantFrom(opcode.text, opcode.text, opcode.binary, 0, opcode.ping) },
            { weight: 1, arbitrary: fc.nat(15) },
          ),
          isFinal: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.boolean() }),
          isMasked: fc.oneof({ weight: 30, arbitrary: fc.constant(isMasked) }, { weight: 1, arbitrary: fc.boolean() }),
          payload: fc.oneof(text, fc.uint8Array({ maxLength: 130 })),
        }),
        { maxLength: 6 },
      );
    return fc.constantFrom('client', 'origin').chain((side) =>
      fc.record({
        side: fc.constant(side as 'client' | 'origin'),
        frames: frames(side === 'client'),
        cuts: fc.array(fc.nat(), { maxLength: 8 }),
        rest: fc.oneof(
          { weight: 3, arbitrary: fc.constant(new Uint8Array()) },
          { weight: 1, arbitrary: fc.uint8Array() },
        ),
      }),
    );
  }

  textsOf({ frames }: FuzzedSocket): readonly Uint8Array[] {
    return frames.map(({ payload }) => payload);
  }

  async check(input: FuzzedSocket): Promise<Iterable<string>> {
    const host = this.#vm?.host ?? new Host(filter, { vmId: 'penstock', logLevel: 'info', nowNanoseconds: () => now });
    const plugin = this.#vm?.plugin ?? host.configure(table, { rootId: 'penstock' });
    this.#vm = undefined;
    const bytes = Buffer.concat([
      ...input.frames.map(({ opcode, isFinal, isMasked, payload }) =>
        frame(opcode, Buffer.from(payload), isMasked, isFinal),
      ),
      input.rest,
    ]);
    const cuts = [...new Set([...input.cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
    const whole = play(host, plugin, input.side, bytes, [bytes.length]);
    const { memoryBytes } = host;
    const cut = play(
      host,
      plugin,
      input.side,
      bytes,
      cuts.sort((a, b) => a - b),
    );
    if (!isDeepStrictEqual(cut, whole))
      throw new Error(`cut, it comes to\n${JSON.stringify(cut)}\nand whole to\n${JSON.stringify(whole)}`);
    if (host.memoryBytes > Math.max(memoryBytes, maxMemoryBytes)) throw new Error(`memory grew to ${host.memoryBytes}`);
    // A control frame overtakes the message that it stands in, and what is behind it is the same.
    const isInOrder = input.frames.every(({ opcode }, i) => opcode < 8 || (input.frames[i - 1]?.isFinal ?? true));
    if (!whole.isClosed && isInOrder && !bytes.subarray(0, whole.sent.length).equals(whole.sent))
      throw new Error('what passed was changed');
    this.#vm = { host, plugin };
    return [`${input.side} closed ${whole.isClosed}`, ...whole.lines.map((line) => line.replace(/\d+/g, ''))];
  }
}

function play(host: Host, plugin: Plugin, side: 'client' | 'origin', bytes: Buffer, cuts: number[]) {
  host.logs.length = 0;
  now = start;
  const stream = plugin.stream({ properties: { 'filter_state\0penstock.tunnel': 'a.example:443 a.example' } });
  stream.requestHeaders([
    [':method', 'GET'],
    [':path', '/live'],
    [':authority', 'a.example'],
    ['connection', 'upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ]);
  stream.responseHeaders([[':status', '101']]);
  const pass = side === 'client' ? 'requestBody' : 'responseBody';
  cuts.forEach((to, i) => {
    stream[pass](bytes.subarray(cuts[i - 1] ?? 0, to));
  });
  now += waitNanoseconds;
  plugin.tick();
  // The other side's answer to a close frame, and what a stopped side gets told with it.
  const back = side === 'client' ? 'responseBody' : 'requestBody';
  stream[back](frame(opcode.close, Buffer.from([3, 232]), side === 'origin'));
  const [forward, backward] = [stream.sentUpstream, stream.sentDownstream].map(({ chunks }) => Buffer.concat(chunks));
  // Each exchange has an id of its own, which its close frame names.
  const anonymous = (bytes: Buffer) =>
    Buffer.from(bytes.toString('latin1').replace(/request [0-9a-f]{16}/, 'request 0000000000000000'), 'latin1');
  const sent = anonymous(side === 'client' ? forward! : backward!);
  const answer = new FrameReader().feed(side === 'client' ? backward! : forward!).at(-1);
  stream.done();
  return {
    sent,
    isClosed: answer !== undefined && answer.payload.length >= 2 && answer.payload.readUInt16BE() !== 1000,
    lines: host.logs.map(({ message }) => message.replace(/"request":"[0-9a-f]*"/, '')),
  };
}
