/** Longer than most files: every way in which a CA's two files can be wrong is one test, over one way to write them. */
import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Authority, AuthorityError, type AuthorityProblemCode, keyModeProblem, openAuthority } from './ca.ts';
import { makeAuthorityFiles } from './ca-files.ts';
import { commonName, extension, pem, signCertificate } from './certificate.ts';
import { namedBits, sequence, tag, value } from './der.ts';

const run = promisify(execFile);
const dayMs = 86_400_000;

let folder: string;
let certFile: string;
let keyFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-ca-'));
  certFile = join(folder, 'ca.crt');
  keyFile = join(folder, 'ca.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (create = false): Promise<Authority> => openAuthority({ certFile, keyFile, create });

async function problemsOf(promise: Promise<unknown>): Promise<AuthorityError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(AuthorityError);
  return error as AuthorityError;
}

async function expectProblems(promise: Promise<unknown>, ...codes: AuthorityProblemCode[]): Promise<string> {
  const error = await problemsOf(promise);
  expect(error.problems.map((problem) => problem.code)).toEqual(codes);
  for (const { message } of error.problems) expect(message).toMatch(/^\/.+: .+; .+[^.]$/);
  return error.message;
}

interface Own {
  keys?: { publicKey: KeyObject; privateKey: KeyObject };
  isCa?: boolean;
  fromMs?: number;
  toMs?: number;
}

/** Writes a CA as an operator may bring it. */
function writeOwn({ keys = generateKeyPairSync('ec', { namedCurve: 'P-256' }), ...own }: Own = {}): KeyObject {
  const flag = own.isCa === false ? sequence() : sequence(value(tag.boolean, Buffer.from([0xff])));
  const { der } = signCertificate(
    {
      issuerDer: commonName('Acme Root'),
      subjectDer: commonName('Acme Root'),
      notBefore: new Date(Date.now() + (own.fromMs ?? -dayMs)),
      notAfter: new Date(Date.now() + (own.toMs ?? dayMs)),
      publicKeyDer: keys.publicKey.export({ format: 'der', type: 'spki' }),
      extensions: [extension('2.5.29.19', true, flag), extension('2.5.29.15', true, namedBits(5))],
    },
    keys.privateKey,
  );
  writeFileSync(certFile, pem(der));
  writeFileSync(keyFile, keys.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return keys.privateKey;
}

describe('a first run', () => {
  test('makes a CA that a strict client accepts', async () => {
    const authority = await open(true);
    const { certificate } = authority;
    expect(certificate.subject).toMatch(/^CN=Penstock CA [0-9a-f]{8}$/);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(Date.now() - certificate.validFromDate.getTime()).toBeGreaterThan(3_500_000);
    const years = (certificate.validToDate.getTime() - Date.now()) / (365.25 * dayMs);
    expect(years).toBeGreaterThan(9.9);
    expect(years).toBeLessThan(10.1);
    expect(authority.keyIdentifier).toHaveLength(20);
    // basicConstraints critical, CA, pathLen 0; keyUsage critical, keyCertSign and cRLSign
    const raw = certificate.raw.toString('hex');
    expect(raw).toContain('0603551d130101ff040830060101ff020100');
    expect(raw).toContain('0603551d0f0101ff040403020106');
  });

  test('writes the key for its user alone, and nothing else', async () => {
    await open(true);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(certFile).mode & 0o777 & ~0o044).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'ca.key']);
  });

  test('makes the folder', async () => {
    certFile = join(folder, 'state', 'ca.crt');
    keyFile = join(folder, 'state', 'ca.key');
    await open(true);
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
  });

  test('and the next run reads the same CA', async () => {
    const first = await open(true);
    const second = await open(true);
    expect(second.id).toBe(first.id);
    expect(second.chainPem).toBe(readFileSync(certFile, 'latin1'));
    expect(second.subjectDer).toEqual(first.subjectDer);
    expect(second.keyIdentifier).toEqual(first.keyIdentifier);
  });

  test('eight at once in processes of their own end with one CA', async () => {
    const script = `import { openAuthority } from ${JSON.stringify(new URL('./ca.ts', import.meta.url).href)};
      const a = await openAuthority({ certFile: process.argv[1], keyFile: process.argv[2], create: true });
      console.log(a.id);`;
    const runs = Array.from({ length: 8 }, () =>
      run(process.execPath, ['--input-type=module', '-e', script, certFile, keyFile]),
    );
    const ids = new Set((await Promise.all(runs)).map(({ stdout }) => stdout.trim()));
    expect(ids.size).toBe(1);
    expect([...ids][0]).toMatch(/^[0-9a-f]{8}$/);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'ca.key']);
  });

  test('that comes second changes nothing', async () => {
    makeAuthorityFiles(certFile, keyFile);
    const before = [readFileSync(certFile), readFileSync(keyFile)];
    makeAuthorityFiles(certFile, keyFile);
    expect([readFileSync(certFile), readFileSync(keyFile)]).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'ca.key']);
  });

  test('leaves nothing behind where the certificate cannot be written', async () => {
    // a file stands where the certificate's folder should be
    writeFileSync(join(folder, 'file'), '');
    certFile = join(folder, 'file', 'ca.crt');
    await expectProblems(open(true), 'ca-not-writable');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('a CA of the operator', () => {
  test.each([
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['RSA 2048', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('%s', async (_name, makeKeys) => {
    writeOwn({ keys: makeKeys() });
    const authority = await open();
    expect(authority.certificate.subject).toBe('CN=Acme Root');
    expect(authority.keyIdentifier).toBeUndefined();
  });

  test('SEC1 and PKCS#1 keys', async () => {
    const ec = writeOwn();
    writeFileSync(keyFile, ec.export({ format: 'pem', type: 'sec1' }));
    await open();
    const rsa = writeOwn({ keys: generateKeyPairSync('rsa', { modulusLength: 2048 }) });
    writeFileSync(keyFile, rsa.export({ format: 'pem', type: 'pkcs1' }));
    await open();
  });

  test('a chain, and text around it', async () => {
    writeOwn();
    const own = readFileSync(certFile, 'utf8');
    const key = readFileSync(keyFile);
    writeOwn();
    const other = readFileSync(certFile, 'utf8');
    writeFileSync(certFile, `subject: Acme\n${own}\nissuer: Other\n${other}`);
    writeFileSync(keyFile, key);
    const authority = await open();
    expect(authority.chainPem).toBe(own + other);
    expect(authority.certificate.fingerprint256).toBe(new X509Certificate(own).fingerprint256);
  });
});

describe('is refused', () => {
  test('without files', async () => {
    await expectProblems(open(), 'ca-missing');
  });

  test.each(['ca.crt', 'ca.key'])('with %s alone, and nothing is made or changed', async (present) => {
    await open(true);
    rmSync(join(folder, present === 'ca.crt' ? 'ca.key' : 'ca.crt'));
    const before = readFileSync(join(folder, present));
    for (const create of [false, true]) {
      const message = await expectProblems(open(create), 'ca-half');
      expect(message).toContain(join(folder, present));
    }
    expect(readdirSync(folder)).toEqual([present]);
    expect(readFileSync(join(folder, present))).toEqual(before);
  });

  test('with a key that others may read', async () => {
    await open(true);
    chmodSync(keyFile, 0o644);
    const message = await expectProblems(open(), 'ca-key-exposed');
    expect(message).toContain('mode 0644 lets every user read it');
  });

  test('with a key that its user may not read', async () => {
    await open(true);
    if (process.getuid!() !== 0) {
      chmodSync(keyFile, 0);
      await expectProblems(open(), 'ca-key-unreadable');
      return;
    }
    // root reads everything, so another user has to try
    chmodSync(folder, 0o755);
    const script = `process.setgid(65534); process.setuid(65534);
      import(${JSON.stringify(new URL('./ca.ts', import.meta.url).href)}).then(({ openAuthority }) =>
        openAuthority({ certFile: process.argv[1], keyFile: process.argv[2], create: true }))
        .catch((error) => console.log(error.problems?.map((one) => one.code + ' ' + one.message).join() ?? error));`;
    const { stdout } = await run(process.execPath, ['-e', script, certFile, keyFile]);
    expect(stdout).toContain(`ca-key-unreadable ${keyFile}: user 65534 may not read it; `);
  });

  test('with the key of another CA', async () => {
    writeOwn();
    const key = readFileSync(keyFile);
    writeOwn();
    writeFileSync(keyFile, key);
    await expectProblems(open(), 'ca-key-mismatch');
  });

  test('if it is no CA', async () => {
    writeOwn({ isCa: false });
    expect(await expectProblems(open(), 'ca-not-a-ca')).toContain('"CN=Acme Root" may not sign certificates');
  });

  test('out of its time', async () => {
    writeOwn({ fromMs: -2 * dayMs, toMs: -dayMs });
    await expectProblems(open(), 'ca-expired');
    writeOwn({ fromMs: dayMs, toMs: 2 * dayMs });
    await expectProblems(open(), 'ca-not-yet-valid');
  });

  test('with a key of a type that clients do not take', async () => {
    for (const keys of [generateKeyPairSync('ed25519'), generateKeyPairSync('rsa', { modulusLength: 1024 })]) {
      writeOwn();
      writeFileSync(keyFile, keys.privateKey.export({ format: 'pem', type: 'pkcs8' }));
      await expectProblems(open(), 'ca-key-type');
    }
  });

  test('with text that is no key or certificate, both said at once', async () => {
    writeFileSync(certFile, 'hello');
    writeFileSync(keyFile, 'hello', { mode: 0o600 });
    await expectProblems(open(), 'ca-cert-format', 'ca-key-format');
    writeFileSync(certFile, '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n');
    expect(await expectProblems(open(), 'ca-cert-format', 'ca-key-format')).toContain('broken PEM');
    rmSync(certFile);
    mkdirSync(certFile);
    await expectProblems(open(), 'ca-cert-unreadable', 'ca-key-format');
  });

  test('with an encrypted key, and no key material is in the message', async () => {
    const key = writeOwn();
    const text = key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }) as string;
    writeFileSync(keyFile, text);
    const message = await expectProblems(open(), 'ca-key-format');
    expect(message).toContain('encrypted');
    expect(message).not.toContain(text.split('\n')[1]);
    expect(() => createPrivateKey(text)).toThrow();
  });
});

test.each([
  [0o600, 1000, undefined],
  [0o400, 1000, undefined],
  [0o440, 0, undefined],
  [0o640, 0, undefined],
  [0o640, 1000, 'mode 0640 lets its group read it'],
  [0o660, 0, 'mode 0660 lets its group read it'],
  [0o620, 0, 'mode 0620 lets its group change it'],
  [0o644, 0, 'mode 0644 lets every user read it'],
  [0o604, 1000, 'mode 0604 lets every user read it'],
])('key mode %o of user %i', (mode, owner, expected) => {
  expect(keyModeProblem(0o100000 | mode, owner)).toBe(expected);
});
