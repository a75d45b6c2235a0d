/** What the preparing process hands to the supervisor: what to start, and what to say about it. */
import { join } from 'node:path';
import type { EmitPlan } from '../emit/emit.ts';
import type { FirstSeen } from '../pins/judge.ts';
import type { ListenAddress, Policy } from '../policy/policy.ts';
import type { Handler } from '../redirect/handler.ts';
import type { Runtime } from '../render/runtime.ts';
import type { Logging } from './log.ts';
import type { PinPlace } from './pin-place.ts';

export interface StopPlan {
  /** Thrown by the configuration itself. */
  isOn: boolean;
  /** Thrown while this file exists; empty: no file. */
  sentinelFile: string;
  api: { listen: ListenAddress; token: string } | undefined;
}

export interface ReceiptPlan {
  directory: string;
  keyFile: string;
  /** Nothing passes while they cannot be written. */
  isRequired: boolean;
  /** Hosts are shown as in the log. */
  masks: boolean;
}

export interface Plan {
  runtime: Runtime;
  envoy: { path: string; version: string; args: string[] };
  /** Listeners that Envoy must have before it is ready. */
  listeners: number;
  /** SHA-256 of each of them, by name: one that differs is a new listener. */
  listenerDigests: Record<string, string>;
  listen: { proxy: ListenAddress; mcp: ListenAddress };
  mcpUpstream: string | undefined;
  /** URLs by the names that begin their paths. */
  mcpUpstreams: Record<string, string>;
  mode: Policy['mode'];
  /** Undefined where nothing is intercepted, so no certificate is made. */
  authority:
    | { certFile: string; keyFile: string; id: string; leafTtlSeconds: number; maxLeaves: number | undefined }
    | undefined;
  logging: Logging;
  /** Who is told of events; undefined: nobody. */
  emit: EmitPlan | undefined;
  /** Undefined where there is no kill switch. */
  stop: StopPlan | undefined;
  /** Addresses of the worker's own listeners. */
  metricsListen: ListenAddress | undefined;
  /** Undefined where no receipts are written. */
  receipts: ReceiptPlan | undefined;
  /** How long the worker may be silent, and whether it is then replaced. */
  watchdog: { silentSeconds: number; replaces: boolean; tellsSubsystems: boolean };
  /** What /health says of the configuration, by its names there. */
  health: Record<string, string | number | boolean>;
  /** Files that the configuration was made of: a change of one is a change of it. */
  sources: string[];
  /** Where pins are kept, and what becomes of a tool that is seen first. */
  pins: { place: PinPlace; firstSeen: FirstSeen };
  /** What answers calls in a tool's place, by the rule that redirects them. */
  handlers: Record<string, Handler>;
  destinations: { allowed: string[] | undefined; blocked: string[] };
  /** Host patterns of tunnels about which the log says that /ws?url=… would have their WebSockets read. */
  webSocketHosts: string[];
  /** Things worth knowing that stop nothing, one line each. */
  notices: string[];
}

/** Where everything of one gateway lies below its state directory, an absolute path. */
export function stateLayout(
  stateDirectory: string,
): Runtime & { certFile: string; keyFile: string; lockSocket: string; tableDirectory: string; receiptKeyFile: string } {
  const directory = join(stateDirectory, 'run');
  return {
    directory,
    adsSocket: join(directory, 'ads.sock'),
    controlSocket: join(directory, 'control.sock'),
    pinsSocket: join(directory, 'pins.sock'),
    handlerSocket: join(directory, 'calls.sock'),
    adminSocket: join(directory, 'admin.sock'),
    lockSocket: join(directory, 'lock.sock'),
    filterDirectory: join(directory, 'filter'),
    filterWasm: join(import.meta.dirname, '..', '..', 'build', 'filter.wasm'),
    tableDirectory: join(stateDirectory, 'tables'),
    receiptKeyFile: join(stateDirectory, 'receipts.key'),
    certFile: join(stateDirectory, 'ca.crt'),
    keyFile: join(stateDirectory, 'ca.key'),
  };
}
