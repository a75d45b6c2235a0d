// Longer than most files: the VM's whole life (load, configure, call, trap) and the few things that host calls ask it for
// share private state.
import { BodyBuffer } from './body-buffer.ts';
import type { Context } from './context.ts';
import type { HeaderMap, HeaderPairs } from './header-map.ts';
import { hostCalls } from './host-calls.ts';
import { type HttpCall, HttpCalls } from './http-call.ts';
import { type LogLevelName, type LogLine, logLevels } from './log.ts';
import { GuestMemory } from './memory.ts';
import { Metrics } from './metrics.ts';
import { Plugin, type PluginOptions } from './plugin.ts';
import { SharedData } from './shared-data.ts';
import { SharedQueues } from './shared-queue.ts';
import { GuestTrap, RestrictedCall } from './trap.ts';

export interface HostOptions {
  /** Envoy's `vm_id`; property `plugin_vm_id`. */
  readonly vmId?: string;
  /** Lines below it are neither kept nor built by a guest that asks; default info. */
  readonly logLevel?: LogLevelName;
  /** Nanoseconds since 1970; default the real clock. */
  readonly nowNanoseconds?: () => bigint;
  /** Clusters that `proxy_http_call` knows; default: every name. */
  readonly upstreams?: readonly string[];
  /** What several hosts share to play the workers of one Envoy. */
  readonly sharedData?: SharedData;
  readonly sharedQueues?: SharedQueues;
  readonly metrics?: Metrics;
}

/** The guest said no in `proxy_on_vm_start` or `proxy_on_configure`: Envoy would refuse the configuration. */
export class ConfigurationRefused extends Error {
  readonly callback: string;

  constructor(callback: string) {
    super(`${callback}: the guest refused its configuration; see host.logs`);
    this.name = 'ConfigurationRefused';
    this.callback = callback;
  }
}

/** Allowed while the module starts or allocates (`wasm_vm.h`, restricted callbacks). */
const callsAtStart = new Set(['proxy_log', 'proxy_get_current_time_nanoseconds']);

/** One VM with a proxy-wasm 0.2.x module in it, driven as one worker of Envoy drives it. */
export class Host {
  readonly vmId: string;
  /** What the guest logged, oldest first. */
  readonly logs: LogLine[] = [];
  /** May be changed between calls. */
  logLevel: LogLevelName;
  readonly sharedData: SharedData;
  readonly sharedQueues: SharedQueues;
  readonly metrics: Metrics;
  /** @internal */
  readonly memory: GuestMemory;
  /** @internal */
  readonly calls = new HttpCalls();
  /** @internal */
  readonly upstreams: ReadonlySet<string> | undefined;
  /** @internal */
  readonly nowNanoseconds: () => bigint;
  /** The module's exports, for tests that call one directly. */
  readonly exports: WebAssembly.Exports;

  readonly #contexts = new Map<number, Context>();
  readonly #afterCall: (() => void)[] = [];
  #vmConfiguration: Uint8Array = new Uint8Array();
  #isStartingVm = false;
  #lastContextId = 0;
  #current: Context | undefined; // whose callback runs
  #effective: Context | undefined; // what its host calls act on
  #isRestricted = false;
  #trap: GuestTrap | undefined;

  /**
   * Loads a module and runs its `_initialize`.
   * @throws GuestTrap where it traps; Error where it is not a proxy-wasm 0.2.x module.
   */
  constructor(module: WebAssembly.Module | Uint8Array, options: HostOptions = {}) {
    this.vmId = options.vmId ?? '';
    this.logLevel = options.logLevel ?? 'info';
    this.nowNanoseconds = options.nowNanoseconds ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.upstreams = options.upstreams && new Set(options.upstreams);
    this.sharedData = options.sharedData ?? new SharedData();
    this.sharedQueues = options.sharedQueues ?? new SharedQueues();
    this.metrics = options.metrics ?? new Metrics();
    const compiled = module instanceof WebAssembly.Module ? module : new WebAssembly.Module(new Uint8Array(module));
    checkExports(compiled);
    const instance = new WebAssembly.Instance(compiled, { env: hostCalls(this) });
    this.exports = instance.exports;
    this.memory = new GuestMemory(instance.exports['memory'] as WebAssembly.Memory, (length) => this.#allocate(length));
    this.#restricted(() => this.#enter('_initialize', []));
  }

  /** Size of the guest's linear memory, which never shrinks. */
  get memoryBytes(): number {
    return this.memory.byteLength;
  }

  /** Why the VM is dead, or undefined while it lives. */
  get trap(): GuestTrap | undefined {
    return this.#trap;
  }

  /**
   * Starts a plugin: `proxy_on_context_create`, `proxy_on_vm_start`, `proxy_on_configure`. Text is taken as UTF-8.
   * @throws ConfigurationRefused, GuestTrap
   */
  configure(configuration: Uint8Array | string = '', options: PluginOptions = {}): Plugin {
    if (options.vmConfiguration !== undefined) this.#vmConfiguration = toBytes(options.vmConfiguration);
    const plugin = new Plugin(this.nextContextId(), this, toBytes(configuration), options);
    this.remember(plugin);
    this.call('proxy_on_context_create', plugin, 0);
    this.#isStartingVm = true;
    const started = this.call('proxy_on_vm_start', plugin, this.#vmConfiguration.length);
    this.#isStartingVm = false;
    if (started === 0) throw new ConfigurationRefused('proxy_on_vm_start');
    if (!plugin.configure()) throw new ConfigurationRefused('proxy_on_configure');
    return plugin;
  }

  /** Calls of the guest that wait for an answer. */
  httpCalls(): HttpCall[] {
    return this.calls.open();
  }

  /**
   * Answers a call; text is taken as UTF-8. A timeout in Envoy is an answer with `:status` 504, a broken connection one
   * with 503.
   */
  answerHttpCall(
    token: number,
    headers: HeaderPairs,
    body: Uint8Array | string = '',
    trailers: HeaderPairs = [],
  ): void {
    this.calls.answer(token, headers, toBytes(body), trailers);
  }

  /** @internal Calls an export with a context; undefined when the module does not have it. */
  call(name: string, context: Context, ...argumentList: number[]): number | undefined {
    if (this.#trap) throw this.#trap;
    if (typeof this.exports[name] !== 'function') return undefined;
    const [current, effective] = [this.#current, this.#effective];
    this.#current = context;
    this.#effective = context;
    let result: number | undefined;
    try {
      result = this.#enter(name, [context.id, ...argumentList]);
    } finally {
      this.#current = current;
      this.#effective = effective;
    }
    for (let action = this.#afterCall.shift(); action; action = this.#afterCall.shift()) action();
    return result;
  }

  /** @internal What the host does when the running callback has returned. */
  afterCall(action: () => void): void {
    this.#afterCall.push(action);
  }

  /** @internal The context that a host call acts on. */
  effectiveContext(call: string): Context {
    if (this.#isRestricted || !this.#effective) throw new RestrictedCall(call);
    return this.#effective;
  }

  /** @internal Throws where Envoy would trap. */
  checkAllowed(call: string): void {
    if ((this.#isRestricted || !this.#current) && !callsAtStart.has(call)) throw new RestrictedCall(call);
  }

  /** @internal False when there is no such context. */
  setEffectiveContext(id: number): boolean {
    const context = this.#contexts.get(id);
    if (context) this.#effective = context;
    return context !== undefined;
  }

  /** @internal */
  buffer(context: Context, type: number): BodyBuffer | undefined {
    if (type === 4) return this.calls.answerBody;
    if (type === 6) return this.#isStartingVm ? new BodyBuffer(this.#vmConfiguration, false) : undefined;
    return context.buffer(type);
  }

  /** @internal */
  map(context: Context, type: number, writable: boolean): HeaderMap | undefined {
    if (type === 6) return writable ? undefined : this.calls.answerHeaders;
    if (type === 7) return writable ? undefined : this.calls.answerTrailers;
    return context.map(type, writable);
  }

  /** @internal */
  writeLog(level: number, message: string): boolean {
    const name = logLevels[level];
    if (name === undefined) return false;
    if (level >= logLevels.indexOf(this.logLevel))
      this.logs.push({ level: name, message, contextId: this.#current?.id });
    return true;
  }

  /** @internal */
  nextContextId(): number {
    this.#lastContextId++;
    return this.#lastContextId;
  }

  /** @internal */
  remember(context: Context): void {
    this.#contexts.set(context.id, context);
  }

  /** @internal */
  forget(context: Context): void {
    this.#contexts.delete(context.id);
  }

  #allocate(length: number): number {
    const name = typeof this.exports['proxy_on_memory_allocate'] === 'function' ? 'proxy_on_memory_allocate' : 'malloc';
    return this.#restricted(() => this.#enter(name, [length])) ?? 0;
  }

  #restricted<T>(run: () => T): T {
    const before = this.#isRestricted;
    this.#isRestricted = true;
    try {
      return run();
    } finally {
      this.#isRestricted = before;
    }
  }

  #enter(name: string, argumentList: number[]): number | undefined {
    const exported = this.exports[name];
    if (typeof exported !== 'function') return undefined;
    try {
      const result: unknown = exported(...argumentList);
      return typeof result === 'number' ? result >>> 0 : undefined;
    } catch (cause) {
      const isTrap =
        cause instanceof WebAssembly.RuntimeError || cause instanceof RestrictedCall || cause instanceof RangeError;
      if (!isTrap) throw cause; // ours, or a GuestTrap from further in
      this.#trap = new GuestTrap(
        name,
        cause,
        this.logs.findLast((line) => logLevels.indexOf(line.level) >= 4)?.message,
      );
      this.#afterCall.length = 0;
      throw this.#trap;
    }
  }
}

function checkExports(module: WebAssembly.Module): void {
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  const missing: string[] = [];
  if (!names.has('proxy_abi_version_0_2_1') && !names.has('proxy_abi_version_0_2_0'))
    missing.push('proxy_abi_version_0_2_1');
  if (!names.has('memory')) missing.push('memory');
  if (!names.has('proxy_on_memory_allocate') && !names.has('malloc')) missing.push('proxy_on_memory_allocate');
  if (missing.length > 0) {
    throw new Error(
      `module: exports: ${missing.join(', ')} missing; re-export proxy-wasm-as/assembly/exports in the entry file`,
    );
  }
}

function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value.slice();
}
