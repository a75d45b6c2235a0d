import type { Streaming } from './client.ts';
import { within } from './wait.ts';

/** Reads a stream up to a text; what was read stays for the next call. */
export class StreamReader {
  private text = '';
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(streaming: Streaming) {
    this.chunks = streaming.body[Symbol.asyncIterator]();
  }

  /** The text up to and with `end`; throws when the stream ends or rests before. */
  async upTo(end: string): Promise<string> {
    while (!this.text.includes(end)) {
      const next = await within(
        `${JSON.stringify(end)}; there was ${JSON.stringify(this.text)}`,
        this.chunks.next(),
        5_000,
      );
      if (next.done) throw new Error(`the stream ended before ${JSON.stringify(end)}`);
      this.text += next.value.toString();
    }
    const at = this.text.indexOf(end) + end.length;
    const part = this.text.slice(0, at);
    this.text = this.text.slice(at);
    return part;
  }

  /** What is left up to the end. */
  async rest(): Promise<string> {
    for (let next = await this.chunks.next(); !next.done; next = await this.chunks.next())
      this.text += next.value.toString();
    return this.text;
  }
}
