import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Authority, openAuthority } from './ca.ts';
import { commonName, extension, keyIdentifier, pem, signCertificate } from './certificate.ts';
import { namedBits, octets, sequence, tag, value } from './der.ts';
import { createLeafMinter } from './leaf.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-leaf-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = () => openAuthority({ certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key'), create: true });

/** A CA with keys of another kind, and with a life of its own. */
async function foreign(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  fromMs = -60_000,
  toMs = 60_000,
): Promise<Authority> {
  const name = commonName('Acme Root');
  const publicKeyDer = publicKey.export({ format: 'der', type: 'spki' });
  const { der } = signCertificate(
    {
      issuerDer: name,
      subjectDer: name,
      notBefore: new Date(Date.now() + fromMs),
      notAfter: new Date(Date.now() + toMs),
      publicKeyDer,
      extensions: [
        extension('2.5.29.19', true, sequence(value(tag.boolean, Buffer.from([0xff])))),
        extension('2.5.29.15', true, namedBits(5)),
        extension('2.5.29.14', false, octets(keyIdentifier(publicKeyDer))),
      ],
    },
    privateKey,
  );
  writeFileSync(join(folder, 'ca.crt'), pem(der));
  writeFileSync(join(folder, 'ca.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return openAuthority({ certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key'), create: false });
}

describe('a leaf', () => {
  test('says what a TLS server needs, and no more', async () => {
    const authority = await own();
    const minter = createLeafMinter(authority, 3600);
    const leaf = minter.mint('api.openai.com');
    const certificate = new X509Certificate(leaf.der);
    expect(certificate.subject).toBe('CN=api.openai.com');
    expect(certificate.subjectAltName).toBe('DNS:api.openai.com');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(authority.certificate)).toBe(true);
    expect(certificate.verify(authority.certificate.publicKey)).toBe(true);
    expect(certificate.serialNumber.toLowerCase()).toBe(leaf.serialHex);
    expect(certificate.validToDate.getTime()).toBe(leaf.notAfterMs);
    const lifeMs = leaf.notAfterMs - Date.now();
    expect(lifeMs).toBeGreaterThan(3_590_000);
    expect(lifeMs).toBeLessThanOrEqual(3_600_000);
    const raw = certificate.raw.toString('hex');
    // keyUsage critical, digitalSignature alone
    expect(raw).toContain('0603551d0f0101ff040403020780');
    // authorityKeyIdentifier: the CA's subject key identifier
    expect(raw).toContain(`0603551d23041830168014${authority.keyIdentifier!.toString('hex')}`);
  });

  test('of a name too long for a CN has a critical SAN alone', async () => {
    const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
    const certificate = new X509Certificate(createLeafMinter(await own(), 3600).mint(name).der);
    expect(certificate.subject).toBeFalsy();
    expect(certificate.subjectAltName).toBe(`DNS:${name}`);
    expect(certificate.raw.toString('hex')).toContain('0603551d110101ff');
  });

  test('has a serial of its own: positive, 16 bytes', async () => {
    const minter = createLeafMinter(await own(), 3600);
    const serials = new Set(Array.from({ length: 200 }, () => minter.mint('a.example').serialHex));
    expect(serials.size).toBe(200);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
  });

  test('keeps no more memory than its own bytes', async () => {
    const { der } = createLeafMinter(await own(), 3600).mint('a.example');
    expect(der.buffer.byteLength).toBe(der.length);
  });

  test('lives no longer than its CA, nor began before it', async () => {
    const authority = await foreign(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    const certificate = new X509Certificate(createLeafMinter(authority, 86_400).mint('a.example').der);
    expect(certificate.validFromDate).toEqual(authority.certificate.validFromDate);
    expect(certificate.validToDate).toEqual(authority.certificate.validToDate);
  });

  test('is refused by a CA that has expired meanwhile', async () => {
    const authority = await foreign(generateKeyPairSync('ec', { namedCurve: 'P-256' }), -60_000, 1_500);
    const minter = createLeafMinter(authority, 86_400);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(() => minter.mint('a.example')).toThrow(`CA ${authority.id}: expired on `);
  });
});

describe('a client that trusts the CA alone accepts chain and key', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  test.each([
    ['our own', own],
    ['P-384', () => foreign(generateKeyPairSync('ec', { namedCurve: 'P-384' }))],
    ['P-521', () => foreign(generateKeyPairSync('ec', { namedCurve: 'P-521' }))],
    ['RSA 2048', () => foreign(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
  ])('%s', async (_kind, make) => {
    const authority = await make();
    const minter = createLeafMinter(authority, 3600);
    server = createServer({ cert: minter.chainPem(minter.mint('a_b.example')), key: minter.keyPem });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const ca = authority.certificate.toString();
    const protocol = await new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'a_b.example', ca }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(protocol).toBe('TLSv1.3');
  });
});
