import { LogLevel, log } from './log';
import { Writer } from './writer';

const LINE_BYTES: u32 = 512;
const LINE: usize = memory.data(512);
// In static memory: an allocation may be what failed.
const WRITER: usize = memory.data(32, 8);

/**
 * What the compiler calls when an assertion, a bounds check or an allocation fails. Logs message and place, and traps;
 * the texts are the compiler's and the source's literals, so no data of a stream gets into the log. Name it to `asc`:
 * `--use abort=~lib/proxy-wasm-as/assembly/abort/abort`.
 */
export function abort(message: string | null, file: string | null, lineNumber: u32, column: u32): void {
  const line = changetype<Writer>(WRITER).start(LINE, LINE_BYTES).ascii('abort: ');
  if (file !== null) line.ascii(file).ascii(':').decimal(lineNumber).ascii(':').decimal(column).ascii(': ');
  line.ascii(message !== null ? message : 'no message');
  log(LogLevel.Error, line.pointer, line.length);
  unreachable();
}
