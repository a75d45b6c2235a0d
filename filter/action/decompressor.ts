// The counts that Envoy's decompressors leave behind as trailers of what they have opened. Nobody has asked for them.
import { Bytes, getHeader, MapType, removeHeader, result, Status } from '../proxy-wasm-as/assembly';
import { readDecimal } from './decimal';

/** Envoy 1.40 names them, in the whole process, by the coding that it has opened first, and zstd calls itself brotli. */
const GZIP_COMPRESSED = Bytes.of('x-envoy-decompressor-gzip-compressed-bytes');
const GZIP_UNCOMPRESSED = Bytes.of('x-envoy-decompressor-gzip-uncompressed-bytes');
const BROTLI_COMPRESSED = Bytes.of('x-envoy-decompressor-brotli-compressed-bytes');
const BROTLI_UNCOMPRESSED = Bytes.of('x-envoy-decompressor-brotli-uncompressed-bytes');

/**
 * The decompressors of brotli and zstd (their MaxInflateRatio) give as much for each byte at most, and where there would be
 * more they end the text and say nothing. That of gzip goes on; a text that opens to so much is taken for one that was cut
 * all the same, since nothing says which coding it had.
 */
const MOST_EXPANSION: u64 = 100;

/** What takeCounts() has found: something was opened to nothing, or perhaps not to its end. */
export let wasBroken: bool = false;
export let wasCutShort: bool = false;

/** Takes the counts out of the trailers. */
export function takeCounts(trailers: MapType): void {
  const compressed = take(trailers, GZIP_COMPRESSED) + take(trailers, BROTLI_COMPRESSED);
  const opened = take(trailers, GZIP_UNCOMPRESSED) + take(trailers, BROTLI_UNCOMPRESSED);
  wasBroken = compressed > 0 && opened == 0;
  wasCutShort = isCutShort(opened, compressed);
}

/** Whether a decompressor may have ended a text of `bytes` bytes, opened from `compressed`, where its own does not end. */
export function isCutShort(bytes: u64, compressed: u64): bool {
  return compressed > 0 && bytes >= compressed * MOST_EXPANSION;
}

function take(trailers: MapType, name: Bytes): u64 {
  if (getHeader(trailers, name.pointer, name.length) != Status.Ok) return 0;
  const count = readDecimal(result.pointer(), result.length());
  removeHeader(trailers, name.pointer, name.length);
  return count;
}
