// The kill switch's second half (envoy/stop.yaml): Envoy refuses what is new; what is under way is cut here. An instance of the
// plugin of its own, with nothing to do but to know the open streams; it stands only where the policy has a kill switch.
import {
  ContextMap,
  closeStream,
  StreamType,
  setEffectiveContext,
  setTickPeriodMilliseconds,
} from '../proxy-wasm-as/assembly';

/** Between the word and the cut, and between the looks at what came in between; both far below a second. */
const TICK_MILLISECONDS: u32 = 20;

const roots = new ContextMap();
const open = new ContextMap();
let isStopped: bool = false;

/** A root context of the plugin has been told whether traffic is stopped. */
export function onCutConfigured(rootContext: u32, isToStop: bool): void {
  roots.set(rootContext, 1);
  isStopped = isToStop;
  // Streams are closed in a tick: Envoy is in the middle of taking a configuration now.
  setTickPeriodMilliseconds(isToStop ? TICK_MILLISECONDS : 0);
}

export function isCutRoot(rootContext: u32): bool {
  return roots.get(rootContext) != 0;
}

export function isCutStream(context: u32): bool {
  return open.get(context) != 0;
}

/** A stream has begun. */
export function onCutOpened(context: u32): void {
  open.set(context, 1);
}

/** A stream has ended, or a root context has. */
export function onCutDeleted(context: u32): void {
  open.remove(context);
  roots.remove(context);
}

/** Cuts every stream that is open. */
export function onCutTick(): void {
  if (!isStopped) return;
  for (let context = open.first(); context != 0; context = open.first()) {
    open.remove(context);
    if (setEffectiveContext(context) == 0) closeStream(StreamType.Response);
  }
}
