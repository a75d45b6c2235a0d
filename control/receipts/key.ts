/** The key that receipts are signed with. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The public key stands beside the receipts. */
export const publicKeyName = 'receipts.pub';

/**
 * The Ed25519 key in a PEM file (PKCS #8). Its public half is written into `directory`.
 * @param create makes one where the file is missing: only for a path of our own
 * @throws Error with the remedy
 */
export function openKey(file: string, directory: string, create: boolean): KeyObject {
  if (create && !existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  }
  const key = readKey(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const beside = join(directory, publicKeyName);
  if (!existsSync(beside)) writeFileSync(beside, pem, { mode: 0o644 });
  else if (readFileSync(beside, 'utf8') !== pem) {
    throw new Error(`${beside}: is another key's; receipts of two keys cannot be in one directory, so name another`);
  }
  chmodSync(beside, 0o644);
  return key;
}

function readKey(file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const what = code === 'ENOENT' ? 'no such file' : 'is no private key in PEM';
    throw new Error(`${file}: ${what}; make one with: openssl genpkey -algorithm ed25519 -out FILE`);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new Error(`${file}: is a key of ${key.asymmetricKeyType}; receipts are signed with ed25519`);
  }
  return key;
}
