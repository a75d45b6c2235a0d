/** What characters outside ASCII are read as (control/rules/ascii.ts), laid for the filter. */
import * as layout from '../../filter/table/layout.ts';
import { asciiRuns } from '../rules/ascii.ts';

let laid: Uint8Array | undefined;

/** The section ASCII_RUNS, the same for any rules; made once. */
export function layAsciiRuns(): Uint8Array {
  laid ??= lay();
  return laid;
}

function lay(): Uint8Array {
  const runs = asciiRuns();
  const records = new DataView(new ArrayBuffer(runs.length * layout.ASCII_RUN_BYTES));
  runs.forEach(({ first, count, ascii, isLookAlike }, i) => {
    const at = i * layout.ASCII_RUN_BYTES;
    records.setUint32(at, first | (ascii << layout.ASCII_RUN_CODE_SHIFT), true);
    records.setUint16(at + layout.ASCII_RUN_COUNT, count | (isLookAlike ? layout.ASCII_RUN_LOOKS : 0), true);
  });
  return new Uint8Array(records.buffer);
}
