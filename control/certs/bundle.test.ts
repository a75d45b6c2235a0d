import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle, findSystemRoots, SystemRootsError } from './bundle.ts';
import { type Authority, openAuthority } from './ca.ts';

let folder: string;
let authority: Authority;
let roots: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-bundle-'));
  authority = await openAuthority({ certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key'), create: true });
  roots = join(folder, 'roots.pem');
  // no line feed at the end, as some tools leave it
  writeFileSync(roots, rootCertificates.slice(0, 3).join('\n').trimEnd());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = (text: string) => text.match(/-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----\n/g) ?? [];

test('a bundle is the roots and the CA, each block whole', () => {
  const text = bundle(authority, roots);
  expect(blocks(text)).toHaveLength(4);
  expect(blocks(text).at(-1)).toBe(authority.certificate.toString());
  expect(text.startsWith(readFileSync(roots, 'utf8'))).toBe(true);
});

test('a bundle of a bundle does not grow', () => {
  const again = join(folder, 'again.pem');
  writeFileSync(again, bundle(authority, roots));
  expect(bundle(authority, again)).toBe(bundle(authority, roots));
});

test('a file without roots is refused', () => {
  const empty = join(folder, 'empty.pem');
  writeFileSync(empty, '');
  expect(() => bundle(authority, empty)).toThrow(SystemRootsError);
});

test('roots: the environment, else the first candidate that is a file', () => {
  const none = join(folder, 'none');
  expect(findSystemRoots({ SSL_CERT_FILE: roots }, [none])).toBe(roots);
  expect(findSystemRoots({}, [none, folder, roots, join(folder, 'ca.crt')])).toBe(roots);
  expect(findSystemRoots({ SSL_CERT_FILE: '' }, [roots])).toBe(roots);
});

test('roots: a wrong SSL_CERT_FILE is an error, not passed over; so is nothing at all', () => {
  const none = join(folder, 'none');
  expect(() => findSystemRoots({ SSL_CERT_FILE: none }, [roots])).toThrow(`SSL_CERT_FILE: "${none}" is no file; set`);
  expect(() => findSystemRoots({}, [none])).toThrow(/^system roots: none of .* exists; install ca-certificates/);
});
