import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Authority, openAuthority } from './ca.ts';
import { createLeafCache, type LeafCache, type LiveLeaf } from './cache.ts';
import { createLeafMinter } from './leaf.ts';

let folder: string;
let authority: Authority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-cache-'));
  authority = await openAuthority({ certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key'), create: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

function makeCache(
  maxLeaves: number,
  ttlSeconds = 3600,
  refuse: (name: string) => string | undefined = () => undefined,
) {
  const cache = createLeafCache({ minter: createLeafMinter(authority, ttlSeconds), maxLeaves, refuse });
  const evicted: string[] = [];
  cache.onEvict = (asked) => evicted.push(asked);
  return { cache, evicted };
}

function obtain(cache: LeafCache, asked: string): LiveLeaf {
  const live = cache.obtain(asked);
  if ('refused' in live) throw new Error(`${asked}: ${live.refused}`);
  return live;
}

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

describe('obtain', () => {
  test('mints a name once', () => {
    const { cache } = makeCache(10);
    const first = obtain(cache, 'a.example');
    expect(obtain(cache, 'a.example')).toBe(first);
    expect(cache.stats()).toMatchObject({ minted: 1, live: 1 });
  });

  test('gives the lower-cased name to any spelling', () => {
    const { cache } = makeCache(10);
    expect(new X509Certificate(obtain(cache, 'A.Example').leaf.der).subjectAltName).toBe('DNS:a.example');
    expect(cache.has('a.example')).toBe(false);
  });

  test('refuses names that are none, and those that policy refuses, lower-cased', () => {
    const asked: string[] = [];
    const { cache } = makeCache(10, 3600, (name) => {
      asked.push(name);
      return name === 'denied.example' ? 'blocked' : undefined;
    });
    expect(cache.obtain('*.example')).toEqual({ refused: 'not a DNS name' });
    expect(cache.obtain('Denied.example')).toEqual({ refused: 'blocked' });
    expect(asked).toEqual(['denied.example']);
    expect(cache.stats()).toMatchObject({ minted: 0, refused: 2, live: 0 });
  });
});

describe('the bound', () => {
  test('the oldest goes first, and is told', () => {
    const { cache, evicted } = makeCache(2);
    for (const name of ['a.example', 'b.example', 'c.example', 'd.example']) obtain(cache, name);
    expect(evicted).toEqual(['a.example', 'b.example']);
    expect(cache.has('a.example')).toBe(false);
    expect(cache.stats()).toMatchObject({ live: 2, evicted: 2 });
  });

  test('holds for spellings and for leaves taken over', () => {
    const { cache } = makeCache(3);
    for (let bits = 0; bits < 16; bits++) {
      obtain(cache, [...'abcd'].map((letter, at) => (bits & (1 << at) ? letter.toUpperCase() : letter)).join(''));
    }
    expect(cache.stats().live).toBe(3);
    for (let number = 0; number < 10; number++) {
      cache.adopt(`n${number}.example`, `${authority.id}.${Date.now() + 60_000}.${number}`);
    }
    expect(cache.stats().live).toBe(3);
  });
});

describe('renewal', () => {
  test('is due after two thirds of the life', () => {
    const { cache } = makeCache(10, 300);
    const first = obtain(cache, 'a.example');
    pass(150);
    expect(cache.due()).toEqual([]);
    expect(obtain(cache, 'a.example')).toBe(first);
    pass(51);
    expect(cache.due()).toEqual(['a.example']);
    const second = obtain(cache, 'a.example');
    expect(second.version).not.toBe(first.version);
    expect(second.leaf.notAfterMs).toBeGreaterThan(first.leaf.notAfterMs);
    expect(cache.due()).toEqual([]);
  });

  test('does not make a leaf younger for the bound', () => {
    const { cache, evicted } = makeCache(2, 300);
    obtain(cache, 'a.example');
    obtain(cache, 'b.example');
    pass(201);
    obtain(cache, 'a.example');
    obtain(cache, 'c.example');
    expect(evicted).toEqual(['a.example']);
  });

  test('asks policy again', () => {
    let reason: string | undefined;
    const { cache } = makeCache(10, 300, () => reason);
    obtain(cache, 'a.example');
    reason = 'blocked';
    pass(201);
    expect(cache.obtain('a.example')).toEqual({ refused: 'blocked' });
    expect(cache.has('a.example')).toBe(false);
  });
});

describe('adopt', () => {
  test('takes over what an earlier process minted, until it is to be sent', () => {
    const { version } = obtain(makeCache(10).cache, 'a.example');
    const { cache } = makeCache(10);
    expect(cache.adopt('a.example', version)).toBe(true);
    expect(cache.stats()).toMatchObject({ minted: 0, live: 1 });
    expect(obtain(cache, 'a.example').version).not.toBe(version);
  });

  test('keeps a leaf that is already there under that version', () => {
    const { cache } = makeCache(10);
    const live = obtain(cache, 'a.example');
    expect(cache.adopt('a.example', live.version)).toBe(true);
    expect(obtain(cache, 'a.example')).toBe(live);
  });

  test('refuses another CA, a renewal that is due, nonsense, and what policy refuses', () => {
    const { cache } = makeCache(10, 300, (name) => (name === 'denied.example' ? 'blocked' : undefined));
    const { version } = obtain(makeCache(10, 300).cache, 'a.example');
    expect(cache.adopt('denied.example', version)).toBe(false);
    expect(cache.adopt('a.example', version.replace(authority.id, '00000000'))).toBe(false);
    for (const wrong of ['', '1', authority.id, `${authority.id}..`, `${authority.id}.x.1`, `${authority.id}.9e15.1`]) {
      expect(cache.adopt('a.example', wrong)).toBe(false);
    }
    pass(201);
    expect(cache.adopt('a.example', version)).toBe(false);
    expect(cache.stats().live).toBe(0);
  });
});

test('the minting times are a cumulative histogram', () => {
  const { cache } = makeCache(100);
  for (let number = 0; number < 20; number++) obtain(cache, `n${number}.example`);
  const { buckets, count, sum } = cache.stats().mintSeconds;
  expect(count).toBe(20);
  expect(sum).toBeGreaterThan(0);
  for (let at = 1; at < buckets.length; at++) {
    expect(buckets[at]!.le).toBeGreaterThan(buckets[at - 1]!.le);
    expect(buckets[at]!.count).toBeGreaterThanOrEqual(buckets[at - 1]!.count);
  }
});
