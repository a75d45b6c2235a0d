/** A child's output as lines of bounded length. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longest line that is kept, in characters: a finding is some 400, an Envoy error with a configuration in it some thousand. */
const maxLineChars = 16 * 1024;

/** Calls `onLine` for each line of the stream, without its newline; what goes beyond the bound is cut off. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = decoder.write(chunk).split('\n');
    rest = (rest + lines[0]).slice(0, maxLineChars);
    for (let i = 1; i < lines.length; i++) {
      if (rest !== '') onLine(rest);
      rest = lines[i]!.slice(0, maxLineChars);
    }
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
  stream.on('error', () => {});
}
