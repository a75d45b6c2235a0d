// The stage log, one line an event, at trace level: what `penstock trace` and the stream tests show.
import { ruleId, ruleIdLength } from '../finding/findings';
import { clearTrace, setTracing, TRACE_HIT, TRACE_VIEW, traceCount, traceField } from '../finding/trace';
import { LogLevel, log, logLevel, Writer } from '../proxy-wasm-as/assembly';
import { writeChain } from './names';

let enabled: bool = false;
const writer = new Writer();
const line: usize = memory.data(512);

/** Asks the host, once for each configuration, whether somebody reads a trace. */
export function startTrace(): void {
  enabled = logLevel() == LogLevel.Trace;
  setTracing(enabled);
}

/** Writes what the stages have noted of the text that was read last. */
export function writeTrace(): void {
  if (!enabled) return;
  for (let i: u32 = 0; i < traceCount(); i++) {
    const kind = traceField(i, 0);
    const rule = traceField(i, 1);
    writer.start(line, 512);
    if (kind == TRACE_VIEW) {
      writer.ascii('view ');
      writeChain(writer, traceField(i, 2));
      writer.ascii(', ').decimal(traceField(i, 4)).ascii(' bytes');
    } else {
      writer
        .ascii(kind == TRACE_HIT ? 'hit ' : 'finding ')
        .bytes(ruleId(rule), ruleIdLength(rule))
        .ascii(' in ');
      writeChain(writer, traceField(i, 2));
      writer.ascii(' at ').decimal(traceField(i, 3)).ascii('..').decimal(traceField(i, 4));
    }
    log(LogLevel.Trace, writer.pointer, writer.length);
  }
  clearTrace();
}
