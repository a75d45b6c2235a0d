// Rounds of fuzzing. Within a round the seed says everything; between rounds the pool grows by the texts that reached
// something new, so a long run goes where a short one does not.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Pool, Target } from './target.ts';

const directory = join(import.meta.dirname, '../../build/fuzz');
/** Longest search for a smaller failing input. */
const maxShrinkMilliseconds = 20_000;

export interface Failure {
  message: string;
  /** Where the smallest failing input was written. */
  file: string;
}

export interface Bounds {
  seed: number;
  runs: number;
  /** Beside `runs`, but for the search of a smaller failing input. */
  milliseconds: number;
}

/** The rounds of one target. */
export class Rounds<Input> {
  readonly target: Target<Input>;
  /** What was reached so far. */
  readonly reached = new Set<string>();
  runs = 0;
  readonly #pool: Uint8Array[];

  constructor(target: Target<Input>, pool: Pool) {
    this.target = target;
    this.#pool = [...pool];
  }

  get poolSize(): number {
    return this.#pool.length;
  }

  /** Runs one round; what fails is made small, written to a file and given back. */
  async run({ seed, runs, milliseconds }: Bounds): Promise<Failure | undefined> {
    const found: Uint8Array[] = [];
    let until = Date.now() + milliseconds;
    let isShrinking = false;
    const property = fc.asyncProperty(this.target.inputs(this.#pool), async (input) => {
      if (Date.now() > until) return;
      if (!isShrinking) this.runs++;
      try {
        const before = this.reached.size;
        for (const name of await this.target.check(input)) this.reached.add(name);
        if (this.reached.size > before && !isShrinking) found.push(...this.target.textsOf(input));
      } catch (error) {
        if (!isShrinking) until = Date.now() + maxShrinkMilliseconds;
        isShrinking = true;
        throw error;
      }
    });
    const details = await fc.check(property, { seed, numRuns: runs });
    this.#pool.push(...found);
    const input = details.counterexample?.[0];
    if (!details.failed || input === undefined) return undefined;
    const file = join(directory, `${this.target.name}-${seed}.json`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, `${JSON.stringify(input, bytesAsBase64, 2)}\n`);
    const error = details.errorInstance as Error;
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    return { message: `${error.stack ?? error}${cause}`, file };
  }

  /** Checks an input that `run` has written. Rejects as it did then. */
  async replay(text: string): Promise<void> {
    await this.target.check(JSON.parse(text, base64AsBytes) as Input);
  }
}

function bytesAsBase64(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
}

function base64AsBytes(_: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'base64' in value;
  return isBytes ? new Uint8Array(Buffer.from(String(value.base64), 'base64')) : value;
}
