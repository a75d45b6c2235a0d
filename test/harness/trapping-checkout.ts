/** A copy of the checkout whose filter traps when it is asked to: the product has no hook for that. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import binaryen from 'binaryen';
import { checkout } from './command.ts';

/** A request body whose piece has exactly this many bytes makes the filter trap. */
export const trapBytes = 4_099;

const bodyExport = 'proxy_on_request_body';

/** The filter with an `unreachable` before its body callback where `body_size` (the second argument) is trapBytes. */
export function trappingFilter(wasm: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(binaryen.Features.All);
  const exported = Array.from({ length: module.getNumExports() }, (_, index) =>
    binaryen.getExportInfo(module.getExportByIndex(index)),
  );
  const body = exported.find(({ name }) => name === bodyExport);
  if (body === undefined) throw new Error(`the filter exports no ${bodyExport}`);
  const { params, results } = binaryen.getFunctionInfo(module.getFunction(body.value));
  const kinds = binaryen.expandType(params);
  const handOn = module.call(
    body.value,
    kinds.map((kind, index) => module.local.get(index, kind)),
    results,
  );
  const isAsked = module.i32.eq(module.local.get(1, binaryen.i32), module.i32.const(trapBytes));
  module.addFunction('trap_when_asked', params, results, [], module.if(isAsked, module.unreachable(), handOn));
  module.removeExport(bodyExport);
  module.addFunctionExport('trap_when_asked', bodyExport);
  if (!module.validate()) throw new Error('the instrumented filter is not valid');
  return module.emitBinary();
}

/** Makes the copy below the temporary folder; `remove` deletes it. */
export function trappingCheckout(): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'penstock-trapping-'));
  for (const folder of ['control', 'envoy', 'filter/table'])
    cpSync(join(checkout, folder), join(root, folder), { recursive: true });
  cpSync(join(checkout, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
  mkdirSync(join(root, 'build'));
  cpSync(join(checkout, 'build'), join(root, 'build'), { recursive: true });
  writeFileSync(join(root, 'build/filter.wasm'), trappingFilter(readFileSync(join(checkout, 'build/filter.wasm'))));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
