import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type fc from 'fast-check';
import { readRules } from '../../control/rules/read.ts';
import { Host, type Plugin } from '../../filter/proxy-wasm-as/host/index.ts';
import { compileRules } from '../rules/table.ts';
import { exchanges, type FuzzedExchange, maxBodyBytes, type Outcome, play } from './exchange.ts';
import type { Pool, Target } from './target.ts';

/** Modes, and a body limit that texts go over. */
const configs = ['balanced', 'strict', 'audit'].flatMap((mode) => [
  `mode: ${mode}\napi_allowlist: [api.example.com]\n`,
  `mode: ${mode}\napi_allowlist: [api.example.com]\nrequest_body_scanning: {max_body_bytes: 3000}\n`,
]);
const rules = readRules();
const tables = configs.map((config) => compileRules(rules, config).table);
const filter = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));

/** Linear memory of one filter that reads bodies of this size, tables and all: more is a leak. */
const maxMemoryBytes = 16 << 20;

interface Vm {
  host: Host;
  plugin: Plugin;
}

/** The whole filter, from Envoy's callbacks to what it tells Envoy. */
export class FilterTarget implements Target<FuzzedExchange> {
  readonly name = 'filter';
  readonly #vms = new Map<number, Vm>();

  inputs(pool: Pool): fc.Arbitrary<FuzzedExchange> {
    return exchanges(pool, configs.length);
  }

  textsOf({ request, response }: FuzzedExchange): readonly Uint8Array[] {
    return [request.body, response.body].filter((body) => body.length > 0 && body.length < maxBodyBytes / 4);
  }

  async check(exchange: FuzzedExchange): Promise<Iterable<string>> {
    const vm = this.#vms.get(exchange.config) ?? load(exchange.config);
    // Kept only where everything holds.
    this.#vms.delete(exchange.config);
    const reached = check(vm, exchange);
    this.#vms.set(exchange.config, vm);
    return reached;
  }
}

function load(config: number): Vm {
  const host = new Host(filter, { vmId: 'penstock', logLevel: 'trace', nowNanoseconds: () => 1n });
  return { host, plugin: host.configure(tables[config]!, { rootId: 'penstock' }) };
}

function check({ host, plugin }: Vm, exchange: FuzzedExchange): string[] {
  const whole = play(host, plugin, exchange, false);
  const cut = play(host, plugin, exchange, true);
  if (!isDeepStrictEqual(cut, whole))
    throw new Error(`cut, it comes to\n${JSON.stringify(cut)}\nand whole to\n${JSON.stringify(whole)}`);
  checkBlocked(exchange, whole);
  const { memoryBytes } = host;
  const again = play(host, plugin, exchange, false);
  if (!isDeepStrictEqual(again, whole))
    throw new Error(`again, it comes to\n${JSON.stringify(again)}\nand did to\n${JSON.stringify(whole)}`);
  if (host.memoryBytes !== memoryBytes || memoryBytes > maxMemoryBytes)
    throw new Error(`memory grew from ${memoryBytes} to ${host.memoryBytes} bytes`);
  checkPassed(exchange, whole);
  return [
    ...whole.lines.map((line) => line.replace(/\d+/g, '').replace(/"host":"[^"]*"/, '')),
    `answer ${exchange.chain} ${whole.answer?.status}`,
  ];
}

/** A request that is blocked has sent nothing, and one that is not is with the origin. */
function checkBlocked({ request, response }: FuzzedExchange, outcome: Outcome): void {
  const { answer, upstream, downstream, wasReset } = outcome;
  // What is held of an answer when its trailers come cannot be sent any more, and must not look like the end.
  if (wasReset && !isStopped(outcome) && response.trailers.length === 0) throw new Error('the stream was reset');
  if (!answer && !upstream.ended) throw new Error('the request neither passed nor was it answered');
  if (upstream.ended) return;
  // What follows CONNECT is no HTTP, and is not held.
  const isConnect = request.headers.some(([name, value]) => name === ':method' && value === 'CONNECT');
  if (!isConnect && (upstream.headers || upstream.body !== '')) throw new Error('a blocked request has sent something');
  if (!downstream.ended) throw new Error('the answer of a blocked request has no end');
}

/** Whether an answer was stopped in its middle. */
function isStopped({ lines }: Outcome): boolean {
  return lines.some((line) => /"verdict":"(?:block|strip)".*"surface":"response-body"/.test(line));
}

/** What passes is what was sent; only events of MCP may give way to others. */
function checkPassed({ chain, request, response }: FuzzedExchange, outcome: Outcome): void {
  const { answer, upstream, downstream, wasReset } = outcome;
  const isBody = (sent: string, body: Uint8Array) => sent === Buffer.from(body).toString('latin1');
  if (upstream.ended && !isBody(upstream.body, request.body)) throw new Error('the request was changed on the way');
  if (answer || wasReset || isStopped(outcome)) return;
  if (!downstream.ended) throw new Error('the response did not end');
  if (chain !== 'mcp' && !isBody(downstream.body, response.body))
    throw new Error('the response was changed on the way');
}
