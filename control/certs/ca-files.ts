/** Making a CA and putting its two files in place: both or neither, and one CA however many runs try at once. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { constants, copyFileSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { backdateMs, commonName, extension, keyIdentifier, pem, signCertificate } from './certificate.ts';
import { implicit, integer, namedBits, octets, sequence, tag, value } from './der.ts';

/** Ten years: longer than an installation lives, so that no client has to be taught a new CA meanwhile. */
const lifetimeYears = 10;

/**
 * Makes a CA (ECDSA P-256, ten years) and writes its certificate (0644) and key (0600). The key's file decides a race:
 * whoever creates it also writes the certificate; for the others nothing is written. Throws the file system's error and
 * then leaves nothing behind.
 */
export function makeAuthorityFiles(certFile: string, keyFile: string): void {
  const { certificatePem, keyPem } = makeAuthority();
  const suffix = `.${randomBytes(6).toString('hex')}.new`;
  const [newCert, newKey] = [certFile + suffix, keyFile + suffix];
  try {
    for (const file of [certFile, keyFile]) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(newKey, keyPem, { flag: 'wx', mode: 0o600, flush: true });
    writeFileSync(newCert, certificatePem, { flag: 'wx', mode: 0o644, flush: true });
    if (!createFrom(newKey, keyFile)) return;
    try {
      renameSync(newCert, certFile);
    } catch (error) {
      rmSync(keyFile, { force: true });
      throw error;
    }
  } finally {
    for (const file of [newCert, newKey]) rmSync(file, { force: true });
  }
}

/** Gives `target` the content of `source` if there is no `target` yet; false if there is. */
function createFrom(source: string, target: string): boolean {
  try {
    // Not rename, which would silently replace the key that another run has just put there.
    linkSync(source, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  }
  try {
    // Some mounted file systems (SMB) have no hard links.
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function makeAuthority(): { certificatePem: string; keyPem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyDer = publicKey.export({ format: 'der', type: 'spki' });
  const name = commonName(`Penstock CA ${randomBytes(4).toString('hex')}`);
  const now = Date.now();
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + lifetimeYears);
  const identifier = keyIdentifier(publicKeyDer);
  const { der } = signCertificate(
    {
      issuerDer: name,
      subjectDer: name,
      notBefore: new Date(now - backdateMs),
      notAfter,
      publicKeyDer,
      extensions: [
        // basicConstraints: a CA, and none below it (RFC 5280 4.2.1.9)
        extension('2.5.29.19', true, sequence(value(tag.boolean, Buffer.from([0xff])), integer(Buffer.from([0])))),
        // keyUsage: keyCertSign and cRLSign (4.2.1.3)
        extension('2.5.29.15', true, namedBits(5, 6)),
        extension('2.5.29.14', false, octets(identifier)),
        // authorityKeyIdentifier: its own, which strict verifiers ask for even here
        extension('2.5.29.35', false, sequence(implicit(0, identifier))),
      ],
    },
    privateKey,
  );
  return { certificatePem: pem(der), keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string };
}
