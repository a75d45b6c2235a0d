/** A client of an MCP server through the real filter.wasm in the host emulator, for what sessions are remembered by. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../control/config/read.ts';
import { sessionRulesOf } from '../../control/rules/session.ts';
import { toolChainRulesOf } from '../../control/rules/tool-chain.ts';
import { type HeaderPairs, Host, type Plugin, SharedData } from '../../filter/proxy-wasm-as/host/index.ts';
import { bareRule, compileRules } from './table.ts';

const wasm = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));

export interface Call {
  /** The session that the client names. */
  session?: string | undefined;
  /** The client's address. */
  client?: string;
  /** Which worker takes it. */
  worker?: number;
}

/** Tools by name, and what they are called with. */
export const toolNamed = (name: string) => ({ name, description: 'a tool', inputSchema: { type: 'object' } });

/** Counts what is asked of it. */
class CountedData extends SharedData {
  reads = 0;
  writes = 0;

  override get(key: string): ReturnType<SharedData['get']> {
    this.reads++;
    return super.get(key);
  }

  override set(...entry: Parameters<SharedData['set']>): ReturnType<SharedData['set']> {
    this.writes++;
    return super.set(...entry);
  }
}

/** The workers of one Envoy with the sections of a configuration. */
export class Workers {
  readonly sharedData = new CountedData();
  /** Seconds that the clock shows. */
  seconds = 1_000_000;
  readonly hosts: Host[];
  #plugins: Plugin[] = [];
  #id = 0;

  constructor(config: string, count = 1) {
    const options = { vmId: 'penstock', sharedData: this.sharedData };
    const nowNanoseconds = () => BigInt(this.seconds) * 1_000_000_000n;
    this.hosts = Array.from({ length: count }, () => new Host(wasm, { ...options, nowNanoseconds }));
    this.configure(config);
  }

  /** Puts another configuration in the place of the last one. */
  configure(config: string): void {
    const sections = readConfig(config, 'pipelock.yaml').config;
    const rules = [
      bareRule('\\bpenstock-[0-9]{8}\\b'),
      ...sessionRulesOf(sections.mcp_session_binding),
      ...toolChainRulesOf(sections.tool_chain_detection, 'pipelock.yaml'),
    ];
    const { table } = compileRules(rules, config);
    this.#plugins = this.hosts.map((host) => host.configure(table, { rootId: 'penstock' }));
  }

  /**
   * Sends messages; `answers` are what the server says, with the session that it names. Gives what the client gets instead of
   * an answer, undefined where the server was asked, and the rules of the log with their verdicts.
   */
  send(body: unknown, by: Call, answer?: { body: unknown; session?: string }) {
    return this.sendText(JSON.stringify(body), by, answer);
  }

  sendText(
    body: string,
    { session, client = '10.0.0.1', worker = 0 }: Call = {},
    answer?: { body: unknown; session?: string },
  ) {
    const host = this.hosts[worker]!;
    const stream = this.#plugins[worker]!.stream({
      properties: {
        'xds\0filter_chain_name': 'mcp',
        'xds\0cluster_name': 'mcp',
        'filter_state\0penstock.client': client,
      },
    });
    const before = host.logs.length;
    const headers: HeaderPairs = [
      [':method', 'POST'],
      [':path', '/'],
      [':authority', 'mcp.internal'],
      ['content-type', 'application/json'],
      ...(session === undefined ? [] : ([['mcp-session-id', session]] as HeaderPairs)),
    ];
    stream.requestHeaders(headers);
    stream.requestBody(body, true);
    if (answer && !stream.localResponse) {
      stream.responseHeaders([
        [':status', '200'],
        ['content-type', 'application/json'],
        ...(answer.session === undefined ? [] : ([['mcp-session-id', answer.session]] as HeaderPairs)),
      ]);
      stream.responseBody(JSON.stringify(answer.body), true);
    }
    const local = stream.localResponse && JSON.parse(Buffer.from(stream.localResponse.body).toString());
    stream.done();
    const lines = host.logs.slice(before).map(({ message }) => JSON.parse(message));
    host.logs.length = 0;
    return { local, lines, rules: lines.map(({ rule, verdict }) => `${verdict} ${rule}`) };
  }

  /** The client initialises, and the server gives out a session. */
  initialize(session: string, by: Call = {}): void {
    const id = ++this.#id;
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'test', version: '1' } };
    this.send({ jsonrpc: '2.0', id, method: 'initialize', params }, by, {
      body: { jsonrpc: '2.0', id, result },
      session,
    });
  }

  /** The client lists the tools, and the server names these. */
  list(names: readonly string[], by: Call = {}) {
    const id = ++this.#id;
    const result = { tools: names.map(toolNamed) };
    return this.send({ jsonrpc: '2.0', id, method: 'tools/list' }, by, { body: { jsonrpc: '2.0', id, result } });
  }

  /** The client calls a tool: rules with their verdicts. */
  call(name: string, by: Call = {}): string[] {
    return this.send(this.message(name), by).rules;
  }

  /** A call of a tool. */
  message(name: string) {
    return { jsonrpc: '2.0', id: ++this.#id, method: 'tools/call', params: { name, arguments: {} } };
  }
}
