/** The pins of a running gateway: judges lists, keeps what they show, and says what a person changes. */
import { createHash } from 'node:crypto';
import { type FirstSeen, judgeList, readToolList, type Sight, type ToolList } from './judge.ts';
import { PinError, type Pins } from './pins.ts';
import { type PinStore, StoreError } from './store.ts';

/** What was seen and is not approved is noted so often at most: a server that changes with each list must not make a write each time. */
const noteEveryMs = 500;
/** Lists whose answer is kept: one for each page of each upstream. */
const mostAnswers = 64;

export interface KeeperOptions {
  store: PinStore;
  firstSeen: () => FirstSeen;
  /** Told once when the store fails, and once when it works again. */
  tell: (level: 'error' | 'info', message: string) => void;
  now?: () => Date;
}

export class Keeper {
  readonly #options: Required<KeeperOptions>;
  readonly #answers = new Map<string, { pins: Pins; firstSeen: FirstSeen; sights: Sight[] }>();
  /** Lists that hold something to note, the last one of each upstream. */
  readonly #unnoted = new Map<string, ToolList>();
  #noting: Promise<unknown> | undefined;
  #isFailing = false;

  constructor(options: KeeperOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  /**
   * How each tool of a list stands, in its order. Where the store cannot be read, or what is trusted cannot be kept, all
   * are held.
   * @param text a JSON-RPC message with a tools/list result, or the result alone
   * @returns undefined where the text holds no list
   */
  async judge(upstream: string, text: string): Promise<Sight[] | undefined> {
    const { store, firstSeen, now } = this.#options;
    let count = 0;
    try {
      const pins = await store.read();
      // A client lists the same tools at every start of a session: nothing is parsed twice.
      const key = createHash('sha256').update(`${upstream}\n`).update(text).digest('base64');
      const kept = this.#answers.get(key);
      if (kept?.pins === pins && kept.firstSeen === firstSeen()) return kept.sights;

      const list = readToolList(text);
      if (!list) return undefined;
      count = list.tools.length;
      const judged = judgeList(pins, upstream, list, firstSeen(), now());
      let { sights } = judged;
      if (judged.isTrusting) {
        await store.update((newest) => {
          const again = judgeList(newest, upstream, list, firstSeen(), now());
          sights = again.sights;
          return again.next;
        });
      } else if (judged.next) this.#noteSoon(upstream, list);
      else this.#keepAnswer(key, pins, sights);
      this.#works();
      return sights;
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof PinError)) throw error;
      this.#fails(error);
      count ||= readToolList(text)?.tools.length ?? 0;
      return Array.from({ length: count }, () => ({ standing: 'held', changed: [], isDouble: false }));
    }
  }

  /** All pins, with what was seen last. @throws StoreError, PinError */
  async read(): Promise<Pins> {
    await this.#noting;
    await this.#note();
    return this.#options.store.read();
  }

  /** Changes the pins as a person wishes. @throws StoreError, PinError */
  async update(change: (pins: Pins) => Pins): Promise<Pins> {
    await this.#noting;
    await this.#note();
    return this.#options.store.update(change);
  }

  #keepAnswer(key: string, pins: Pins, sights: Sight[]): void {
    this.#answers.delete(key);
    this.#answers.set(key, { pins, firstSeen: this.#options.firstSeen(), sights });
    if (this.#answers.size > mostAnswers) this.#answers.delete(this.#answers.keys().next().value as string);
  }

  #noteSoon(upstream: string, list: ToolList): void {
    this.#unnoted.set(upstream, list);
    this.#noting ??= new Promise((settle) => setTimeout(settle, noteEveryMs))
      .then(() => this.#note())
      .then(() => this.#works())
      .catch((error: Error) => this.#fails(error))
      .finally(() => {
        this.#noting = undefined;
      });
  }

  async #note(): Promise<void> {
    const lists = [...this.#unnoted];
    this.#unnoted.clear();
    if (lists.length === 0) return;
    const { store, firstSeen, now } = this.#options;
    await store.update((pins) => {
      let next = pins;
      for (const [upstream, list] of lists) next = judgeList(next, upstream, list, firstSeen(), now()).next ?? next;
      return next === pins ? undefined : next;
    });
  }

  #fails(error: Error): void {
    if (!this.#isFailing) this.#options.tell('error', `${error.message}; until then all tools are held`);
    this.#isFailing = true;
  }

  #works(): void {
    if (this.#isFailing) this.#options.tell('info', `${this.#options.store.place}: works again`);
    this.#isFailing = false;
  }
}
