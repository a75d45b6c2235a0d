import { BodyBuffer } from './body-buffer.ts';
import { Context } from './context.ts';
import type { HeaderMap } from './header-map.ts';
import type { Host } from './host.ts';
import { Stream, type StreamOptions } from './stream.ts';

export interface PluginOptions {
  /** Envoy's `name`; property `plugin_name`. */
  readonly name?: string;
  /** Envoy's `root_id`; property `plugin_root_id`. */
  readonly rootId?: string;
  /** What `BufferType.VmConfiguration` gives in `proxy_on_vm_start`. */
  readonly vmConfiguration?: Uint8Array | string;
  /** Envoy's `allow_on_headers_stop_iteration`; default true. */
  readonly allowOnHeadersStopIteration?: boolean;
}

/** One configured plugin: a root context of the VM. Several may share a VM, as Envoy's plugins of one `vm_id` do. */
export class Plugin extends Context {
  readonly host: Host;
  readonly name: string;
  readonly rootId: string;
  readonly configuration: Uint8Array;
  readonly allowOnHeadersStopIteration: boolean;
  /** Set by the guest; 0 means that no tick comes. */
  tickPeriodMilliseconds = 0;
  #isConfiguring = false;

  /** @internal Use `host.configure()`. */
  constructor(id: number, host: Host, configuration: Uint8Array, options: PluginOptions) {
    super(id);
    this.host = host;
    this.configuration = configuration;
    this.name = options.name ?? '';
    this.rootId = options.rootId ?? '';
    this.allowOnHeadersStopIteration = options.allowOnHeadersStopIteration ?? true;
  }

  get root(): Plugin {
    return this;
  }

  /** A new exchange: `proxy_on_context_create`. */
  stream(options: StreamOptions = {}): Stream {
    const stream = new Stream(this.host.nextContextId(), this, options);
    this.host.remember(stream);
    this.host.call('proxy_on_context_create', stream, this.id);
    return stream;
  }

  /** Lets one tick period pass. Does nothing while the guest has set none. */
  tick(): void {
    if (this.tickPeriodMilliseconds > 0) this.host.call('proxy_on_tick', this);
  }

  /** @internal Runs `proxy_on_configure` and gives whether the guest accepted. */
  configure(): boolean {
    this.#isConfiguring = true;
    const accepted = this.host.call('proxy_on_configure', this, this.configuration.length);
    this.#isConfiguring = false;
    return accepted !== 0;
  }

  override buffer(type: number): BodyBuffer | undefined {
    if (type === 7) return this.#isConfiguring ? new BodyBuffer(this.configuration, false) : undefined;
    return type === 0 || type === 1 ? BodyBuffer.absent() : undefined;
  }

  override map(_type: number, _writable: boolean): HeaderMap | undefined {
    return undefined;
  }
}
