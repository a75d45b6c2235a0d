/** The certificate authority: read from two PEM files, or made there on the first run. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAuthorityFiles } from './ca-files.ts';
import { type IssuerFields, readIssuerFields } from './certificate.ts';

/** A CA that is ready to sign. */
export interface Authority extends IssuerFields {
  /** The issuing certificate first, then whatever chain the file holds; PEM. */
  chainPem: string;
  /** The issuing certificate. */
  certificate: X509Certificate;
  key: KeyObject;
  /** First 8 hex digits of the certificate's SHA-256: tells two CAs apart in versions and log lines. */
  id: string;
}

/** Where the CA lies, and whether to make one if neither file exists. */
export interface AuthorityFiles {
  certFile: string;
  keyFile: string;
  create: boolean;
}

export type AuthorityProblemCode =
  | 'ca-missing'
  | 'ca-half'
  | 'ca-not-writable'
  | 'ca-cert-unreadable'
  | 'ca-cert-format'
  | 'ca-key-unreadable'
  | 'ca-key-exposed'
  | 'ca-key-format'
  | 'ca-key-type'
  | 'ca-key-mismatch'
  | 'ca-not-a-ca'
  | 'ca-expired'
  | 'ca-not-yet-valid';

export interface AuthorityProblem {
  code: AuthorityProblemCode;
  /** `file: what is wrong; what to do` */
  message: string;
}

/** Why a CA cannot be used: every problem found, one line of the message each. Never holds key material. */
export class AuthorityError extends Error {
  readonly problems: AuthorityProblem[];
  constructor(problems: AuthorityProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.name = 'AuthorityError';
    this.problems = problems;
  }
}

/** How long a run that finds only the key waits for the run that is making both; it takes milliseconds. */
const otherRunMs = 3_000;

/** Shortest RSA key that OpenSSL's default security level lets a client accept. */
const minRsaBits = 2048;

/**
 * Opens the CA. The certificate file may hold a chain, issuing certificate first; the key is PKCS#8, SEC1 or PKCS#1,
 * unencrypted, EC (P-256, P-384, P-521) or RSA of at least 2048 bits. With `create`, two first runs at once end with one
 * CA. Throws AuthorityError.
 */
export async function openAuthority(files: AuthorityFiles): Promise<Authority> {
  const { certFile, keyFile, create } = files;
  if (create && !existsSync(certFile)) {
    if (!existsSync(keyFile)) {
      try {
        makeAuthorityFiles(certFile, keyFile);
      } catch (error) {
        throw new AuthorityError([{ code: 'ca-not-writable', message: notWritable(error, certFile) }]);
      }
    }
    const deadline = Date.now() + otherRunMs;
    while (!existsSync(certFile) && existsSync(keyFile) && Date.now() < deadline) await sleep(20);
  }
  const missing = missingProblem(files);
  if (missing) throw new AuthorityError([missing]);

  const problems: AuthorityProblem[] = [];
  const chain = readChain(certFile, problems);
  const key = readKey(keyFile, problems);
  const certificate = chain?.[0];
  if (certificate) checkCertificate(certificate, certFile, problems);
  if (certificate && key && !certificate.checkPrivateKey(key)) {
    problems.push({
      code: 'ca-key-mismatch',
      message: `${keyFile}: is not the key of ${certFile}; put the two files of one CA there`,
    });
  }
  if (problems.length > 0 || !chain || !certificate || !key) throw new AuthorityError(problems);
  return {
    chainPem: chain.map((one) => one.toString()).join(''),
    certificate,
    key,
    id: certificate.fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase(),
    ...readIssuerFields(certificate.raw),
  };
}

/**
 * What is wrong with a key file's mode, or undefined. Nobody but the owner may write it and the world may not read it;
 * the group may, if root owns the file: so Kubernetes mounts a Secret for a pod with fsGroup (0440 or 0640).
 */
export function keyModeProblem(mode: number, ownerUid: number): string | undefined {
  const bits = mode & 0o777;
  const allowed = ownerUid === 0 ? 0o740 : 0o700;
  if ((bits & ~allowed) === 0) return undefined;
  const who = bits & 0o007 ? 'every user' : 'its group';
  const what = bits & 0o044 ? 'read' : 'change';
  return `mode 0${bits.toString(8).padStart(3, '0')} lets ${who} ${what} it`;
}

function missingProblem({ certFile, keyFile, create }: AuthorityFiles): AuthorityProblem | undefined {
  const hasCert = existsSync(certFile);
  const hasKey = existsSync(keyFile);
  if (hasCert && hasKey) return undefined;
  if (!hasCert && !hasKey) {
    return {
      code: 'ca-missing',
      message: create
        ? `${certFile}: was removed while it was being made; start again`
        : `${certFile}: no such file, nor ${keyFile}; put a CA certificate and its key there`,
    };
  }
  const [present, absent] = hasCert ? [certFile, keyFile] : [keyFile, certFile];
  const remedy = create ? `restore ${absent}, or remove ${present} to have a new CA made` : `put its other half there`;
  return { code: 'ca-half', message: `${absent}: no such file, but ${present} exists; ${remedy}` };
}

function readChain(file: string, problems: AuthorityProblem[]): X509Certificate[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    problems.push({ code: 'ca-cert-unreadable', message: unreadable(error, file) });
    return undefined;
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // said below
  }
  const what = blocks.length > 0 ? 'holds a broken PEM certificate' : 'holds no PEM certificate';
  problems.push({ code: 'ca-cert-format', message: `${file}: ${what}; write the CA certificate there as PEM` });
  return undefined;
}

function readKey(file: string, problems: AuthorityProblem[]): KeyObject | undefined {
  let key: KeyObject;
  let text: Buffer;
  try {
    // A Secret that comes as a symbolic link is judged by the file behind it.
    const { mode, uid } = statSync(file);
    // Windows has no such modes.
    const exposed = process.platform === 'win32' ? undefined : keyModeProblem(mode, uid);
    if (exposed) {
      problems.push({
        code: 'ca-key-exposed',
        message: `${file}: ${exposed}; run chmod 600 ${file}, or set defaultMode: 0440 on the Secret's volume`,
      });
    }
    text = readFileSync(file);
  } catch (error) {
    problems.push({ code: 'ca-key-unreadable', message: unreadable(error, file) });
    return undefined;
  }
  try {
    key = createPrivateKey(text);
  } catch (error) {
    const encrypted = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    const what = encrypted ? 'is encrypted with a passphrase' : 'holds no private key in PEM';
    problems.push({ code: 'ca-key-format', message: `${file}: ${what}; write it as unencrypted PKCS#8` });
    return undefined;
  }
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const curves = ['prime256v1', 'secp384r1', 'secp521r1'];
  if (key.asymmetricKeyType === 'ec' ? curves.includes(namedCurve) : isGoodRsa(key, modulusLength)) return key;
  const kind = `${key.asymmetricKeyType} ${namedCurve || modulusLength || ''}`.trim();
  problems.push({
    code: 'ca-key-type',
    message: `${file}: a key of type ${kind} cannot be used; write an EC key (P-256) or an RSA key of 2048 bits or more`,
  });
  return undefined;
}

function isGoodRsa(key: KeyObject, bits: number): boolean {
  return key.asymmetricKeyType === 'rsa' && bits >= minRsaBits;
}

function checkCertificate(certificate: X509Certificate, file: string, problems: AuthorityProblem[]): void {
  if (!certificate.ca) {
    const subject = certificate.subject.replaceAll('\n', ', ');
    problems.push({
      code: 'ca-not-a-ca',
      message: `${file}: "${subject}" may not sign certificates; put a certificate with CA:TRUE and key usage certSign there`,
    });
  }
  const { validFromDate, validToDate } = certificate;
  if (Date.now() > validToDate.getTime()) {
    problems.push({
      code: 'ca-expired',
      message: `${file}: expired on ${validToDate.toISOString()}; put a new CA there, and have clients trust it`,
    });
  }
  if (Date.now() < validFromDate.getTime()) {
    problems.push({
      code: 'ca-not-yet-valid',
      message: `${file}: is valid only from ${validFromDate.toISOString()}; wait, or set this machine's clock`,
    });
  }
}

function unreadable(error: unknown, file: string): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES') {
    return `${file}: user ${process.getuid?.()} may not read it; make that user its owner, or set fsGroup on the pod`;
  }
  return `${file}: cannot be read (${code}); put a PEM file there`;
}

function notWritable(error: unknown, certFile: string): string {
  const { code, path } = error as NodeJS.ErrnoException;
  return `${path ?? certFile}: a CA cannot be made there (${code}); choose a folder that user ${process.getuid?.()} may write`;
}
