import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const folder = join(import.meta.dirname, '..');
/** Where the compiler finds node_modules, and with it `proxy-wasm-as` itself. */
const repository = join(folder, '..', '..');

/** How a filter names our `abort`: by the path under which its imports reach the SDK. */
export type SdkPath = 'package' | 'relative';
const abortPaths = {
  package: '~lib/proxy-wasm-as/assembly/abort/abort',
  relative: 'filter/proxy-wasm-as/assembly/abort/abort',
};

/**
 * Compiles an entry file of this package (`examples/hello.ts`) as a user does.
 * @throws Error with the compiler's messages.
 */
export async function compileFilter(entry: string, sdk: SdkPath): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'proxy-wasm-as-'));
  try {
    const outFile = join(directory, 'filter.wasm');
    const { error, stderr } = await asc.main([
      join('filter/proxy-wasm-as', entry),
      ...['--baseDir', repository, '--config', 'none', '--outFile', outFile],
      ...['--runtime', 'minimal', '--exportStart', '_initialize', '--optimizeLevel', '3'],
      ...['--enable', 'simd', '--enable', 'relaxed-simd', '--use', `abort=${abortPaths[sdk]}`],
    ]);
    if (error) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`);
    return new Uint8Array(await readFile(outFile));
  } finally {
    await rm(directory, { recursive: true });
  }
}
