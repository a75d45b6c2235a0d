/**
 * Pins in a ConfigMap, shared by all pods of a release. Nobody waits for a lock: a write names the version that it was made
 * from, the API server refuses it where that is no longer the newest, and it is made anew from the newest.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
import type { ClusterApi, ConfigMap } from './cluster-api.ts';
import { formatPins, type Pins, parsePins } from './pins.ts';
import { type PinStore, StoreError } from './store.ts';

/** A ConfigMap holds 1 MiB; the rest is for its metadata. */
const maxBytes = 1_000_000;
const key = 'pins.json';
/** An approval is noticed within two seconds, and a burst of lists costs one call a second. */
const freshMs = 1_000;
/** Of ten pods that write at once, the last one gets through at the tenth try. */
const mostTries = 20;

export class ConfigMapStore implements PinStore {
  readonly place: string;
  readonly maxBytes = maxBytes;
  readonly #name: string;
  readonly #api: ClusterApi;
  #known: { pins: Pins; version: string | undefined; atMs: number } | undefined;
  #reading: Promise<Pins> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(name: string, api: ClusterApi) {
    this.place = `ConfigMap ${name}`;
    this.#name = name;
    this.#api = api;
  }

  read(): Promise<Pins> {
    if (this.#known && performance.now() - this.#known.atMs < freshMs) return Promise.resolve(this.#known.pins);
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  update(change: (pins: Pins) => Pins | undefined): Promise<Pins> {
    const changed = this.#queue.then(async () => {
      for (let tries = 0; tries < mostTries; tries++) {
        const pins = await this.#readNow();
        const next = change(pins);
        if (!next) return pins;
        if (await this.#write(next)) return next;
        await new Promise((settle) => setTimeout(settle, 10 + Math.random() * 40));
      }
      throw new StoreError(`${this.place}: others were faster ${mostTries} times; try again`);
    });
    this.#queue = changed.catch(() => {});
    return changed;
  }

  async #readNow(): Promise<Pins> {
    const atMs = performance.now();
    const { status, object } = await this.#call('GET');
    if (status === 404) {
      // A first start has none. One that was there and is gone is not the same as none.
      if (this.#known?.version !== undefined) {
        throw new StoreError(
          `${this.place}: is gone; make it anew from penstock pins export, or restart the pods without pins`,
        );
      }
      return this.#keep(new Map(), undefined, atMs);
    }
    if (!object) throw this.#refused(status);
    const version = object.metadata.resourceVersion;
    // Parsed once for each version.
    if (this.#known && this.#known.version === version && version !== undefined) {
      this.#known.atMs = atMs;
      return this.#known.pins;
    }
    const text = object.data?.[key];
    return this.#keep(text === undefined ? new Map() : parsePins(text, this.place), version, atMs);
  }

  /** False where somebody else has written meanwhile. */
  async #write(pins: Pins): Promise<boolean> {
    const text = formatPins(pins);
    if (Buffer.byteLength(text) > maxBytes) {
      throw new StoreError(
        `${this.place}: would be larger than ${maxBytes} bytes, which a ConfigMap cannot be; use pins.store: file`,
      );
    }
    const version = this.#known?.version;
    const metadata = { name: this.#name, ...(version !== undefined && { resourceVersion: version }) };
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [key]: text } };
    const atMs = performance.now();
    const { status, object: written } = await this.#call(version === undefined ? 'POST' : 'PUT', object);
    if (status === 409) return false;
    if (!written) throw this.#refused(status);
    this.#keep(pins, written.metadata.resourceVersion, atMs);
    return true;
  }

  #keep(pins: Pins, version: string | undefined, atMs: number): Pins {
    this.#known = { pins, version, atMs };
    return pins;
  }

  async #call(method: 'GET' | 'POST' | 'PUT', object?: ConfigMap): ReturnType<ClusterApi> {
    try {
      return await this.#api(method, this.#name, object);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${this.place}: the API server does not answer: ${(error as Error).message}`);
    }
  }

  #refused(status: number): StoreError {
    const remedy = status === 401 || status === 403 ? '; the service account needs get, create and update of it' : '';
    return new StoreError(`${this.place}: the API server answers ${status}${remedy}`);
  }
}
