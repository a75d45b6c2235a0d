// Bodies of MCP requests through the filter in the host emulator, against JSON.parse.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Host, type Plugin } from '../../filter/proxy-wasm-as/host/index.ts';
import { bareRule, compileRules } from '../rules/table.ts';
import { bodies, changedBodies, isMessage } from './json-rpc.ts';
import type { Pool, Target } from './target.ts';
import { TextArbitrary } from './text.ts';

export interface FuzzedBody {
  body: Uint8Array;
  cuts: number[];
}

const filter = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));
/** One rule: what is read is the message's form. */
const { table } = compileRules([bareRule('\\bpenstock-[0-9]{8}\\b')]);
/** Linear memory with bodies of this size. */
const maxMemoryBytes = 16 << 20;

/** Bodies through the JSON reader: the same however they are cut, and taken where JSON.parse and the protocol take them. */
export class JsonRpcTarget implements Target<FuzzedBody> {
  readonly name = 'json-rpc';
  #vm: { host: Host; plugin: Plugin } | undefined;

  inputs(pool: Pool): fc.Arbitrary<FuzzedBody> {
    const text = fc.oneof(
      { weight: 2, arbitrary: bodies },
      { weight: 4, arbitrary: changedBodies },
      { weight: 1, arbitrary: changedBodies.map((body) => `${'['.repeat(body.length)}${body}`) },
    );
    return fc.record({
      body: fc.oneof(
        { weight: 5, arbitrary: text.map((body) => new Uint8Array(Buffer.from(body))) },
        { weight: 1, arbitrary: new TextArbitrary(pool, 2000) },
      ),
      cuts: fc.array(fc.nat(), { maxLength: 4 }),
    });
  }

  textsOf({ body }: FuzzedBody): readonly Uint8Array[] {
    return [body];
  }

  async check({ body, cuts }: FuzzedBody): Promise<Iterable<string>> {
    const host = this.#vm?.host ?? new Host(filter, { vmId: 'penstock', nowNanoseconds: () => 1n });
    const plugin = this.#vm?.plugin ?? host.configure(table, { rootId: 'penstock' });
    this.#vm = undefined;
    const { memoryBytes } = host;
    const whole = send(plugin, body, []);
    const cut = send(
      plugin,
      body,
      cuts.map((at) => at % (body.length + 1)),
    );
    if (cut !== whole) throw new Error(`cut, it is ${cut}, and whole ${whole}`);
    if (host.memoryBytes > Math.max(memoryBytes, maxMemoryBytes)) throw new Error(`memory grew to ${host.memoryBytes}`);
    const text = Buffer.from(body).toString();
    // What JSON.parse takes more of: bytes that are no UTF-8, numbers that it makes infinite or 0, any depth; and where
    // the keys cannot be counted.
    const isPlain = Buffer.from(text).equals(Buffer.from(body)) && !/e[+-]?\d{3}|\d{300}|[[{]{60}/i.test(text);
    if (isPlain && whole === 'taken' && body.length > 0 && !isMessage(text))
      throw new Error('taken, and is no message');
    this.#vm = { host, plugin };
    return [whole];
  }
}

/** `taken`, or the reason of the refusal. */
function send(plugin: Plugin, body: Uint8Array, cuts: readonly number[]): string {
  const stream = plugin.stream({ properties: { 'xds\0filter_chain_name': 'mcp' } });
  stream.requestHeaders([
    [':method', 'POST'],
    [':path', '/'],
    [':authority', 'mcp.internal'],
    ['content-type', 'application/json'],
  ]);
  const ends = [...cuts.toSorted((a, b) => a - b), body.length];
  ends.forEach((end, i) => {
    if (!stream.localResponse) stream.requestBody(body.subarray(ends[i - 1] ?? 0, end), i === cuts.length);
  });
  const answer = stream.localResponse;
  stream.done();
  if (!answer) return 'taken';
  // An error for each id of a batch, or one for none.
  const [first] = [JSON.parse(Buffer.from(answer.body).toString())].flat();
  return String(first.error.data.reason ?? first.error.data.rule);
}
