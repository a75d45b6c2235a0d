/** HTTP/1.1 messages with a Content-Length, cut out of a connection's bytes: as little work as a load generator can do. */

/** Counts the messages that arrive on one connection. */
export class HttpReader {
  readonly #onMessage: (head: string) => void;
  #partial: Buffer | undefined;
  #head = '';
  #missing = 0;

  /** `onMessage` is called once for each message, when its body has arrived to its end. */
  constructor(onMessage: (head: string) => void) {
    this.#onMessage = onMessage;
  }

  feed(chunk: Buffer): void {
    let bytes = chunk;
    while (bytes.length > 0) {
      if (this.#missing >= bytes.length) {
        this.#missing -= bytes.length;
        if (this.#missing === 0) this.#onMessage(this.#head);
        return;
      }
      if (this.#missing > 0) {
        bytes = bytes.subarray(this.#missing);
        this.#missing = 0;
        this.#onMessage(this.#head);
        continue;
      }
      if (this.#partial) {
        bytes = Buffer.concat([this.#partial, bytes]);
        this.#partial = undefined;
      }
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#partial = bytes;
        return;
      }
      this.#head = bytes.toString('latin1', 0, end);
      this.#missing = Number(/^content-length: *(\d+)/im.exec(this.#head)?.[1] ?? 0);
      bytes = bytes.subarray(end + 4);
      if (this.#missing === 0) this.#onMessage(this.#head);
    }
  }
}
