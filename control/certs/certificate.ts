/** The X.509 certificates that Penstock signs (RFC 5280): their fields, written as DER and signed with Node's crypto. */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bitString, explicit, integer, octets, oid, readValues, sequence, tag, time, value } from './der.ts';

const oids = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
} as const;

/** How far certificates are dated back, so that a client whose clock runs a little late accepts them. */
export const backdateMs = 3_600_000;

/** What goes into a certificate. Names are DER; the extensions are in the order they will have. */
export interface CertificateFields {
  issuerDer: Uint8Array;
  subjectDer: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  publicKeyDer: Uint8Array;
  extensions: Uint8Array[];
}

/**
 * A signed certificate as DER, version 3, with a new random serial. The key may be EC (P-256, P-384, P-521) or RSA; the
 * hash goes with its strength.
 */
export function signCertificate(fields: CertificateFields, issuerKey: KeyObject): { der: Buffer; serialHex: string } {
  const serial = randomSerial();
  const { algorithmDer, hash } = signatureAlgorithm(issuerKey);
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithmDer,
    fields.issuerDer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subjectDer,
    fields.publicKeyDer,
    explicit(3, sequence(...fields.extensions)),
  );
  // node:crypto gives an ECDSA signature as the DER that X.509 wants. Signing takes about 0.1 ms with P-256 and 1 ms
  // with RSA 2048, so it stays on this thread: the pool's four threads would cost more memory than they save time.
  const signature = sign(hash, toBeSigned, issuerKey);
  return { der: sequence(toBeSigned, algorithmDer, bitString(signature)), serialHex: serial.toString('hex') };
}

/** A Name with one CN, or the empty Name. At most 64 characters (RFC 5280, ub-common-name). */
export function commonName(text: string | undefined): Buffer {
  if (text === undefined) return sequence();
  return sequence(value(tag.set, sequence(oid(oids.commonName), value(tag.utf8String, Buffer.from(text, 'utf8')))));
}

/** One Extension (RFC 5280 4.1.2.9). */
export function extension(id: string, critical: boolean, content: Uint8Array): Buffer {
  const flag = critical ? [value(tag.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, octets(content));
}

/** Key identifier of a public key (SubjectPublicKeyInfo, DER): 160 bits of SHA-256 of its bits (RFC 7093 section 2, 1). */
export function keyIdentifier(publicKeyDer: Buffer): Buffer {
  const bits = readValues(readValues(publicKeyDer)[0]!.content)[1]!.content.subarray(1);
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

/** What the certificates of an issuer repeat of it. */
export interface IssuerFields {
  subjectDer: Buffer;
  /** Its subject key identifier; undefined if it has none. */
  keyIdentifier: Buffer | undefined;
}

/** Subject and subject key identifier of a certificate (DER), as they are written there, byte for byte. */
export function readIssuerFields(certificateDer: Buffer): IssuerFields {
  const toBeSigned = readValues(readValues(readValues(certificateDer)[0]!.content)[0]!.content);
  // version is [0] and may be missing; then serial, signature, issuer, validity, subject (RFC 5280 4.1)
  const subjectAt = toBeSigned[0]!.tag === 0xa0 ? 5 : 4;
  const extensions = toBeSigned.find((field) => field.tag === 0xa3);
  const wanted = oid(oids.subjectKeyIdentifier);
  let identifier: Buffer | undefined;
  for (const one of extensions ? readValues(readValues(extensions.content)[0]!.content) : []) {
    const parts = readValues(one.content);
    if (parts[0]!.bytes.equals(wanted)) identifier = readValues(parts.at(-1)!.content)[0]!.content;
  }
  return { subjectDer: toBeSigned[subjectAt]!.bytes, keyIdentifier: identifier };
}

/** A certificate's DER as PEM (RFC 7468), lines of 64, ending in a line feed. */
export function pem(der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** 16 random bytes: positive, never zero, always 16 long (RFC 5280 4.1.2.2 allows 20). */
function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

function signatureAlgorithm(key: KeyObject): { algorithmDer: Buffer; hash: string } {
  if (key.asymmetricKeyType === 'rsa') {
    // sha256WithRSAEncryption; its parameters are NULL (RFC 4055 section 5)
    return { algorithmDer: sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0])), hash: 'sha256' };
  }
  // ecdsa-with-SHA2, without parameters (RFC 5758 section 3.2)
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return { algorithmDer: sequence(oid('1.2.840.10045.4.3.3')), hash: 'sha384' };
    case 'secp521r1':
      return { algorithmDer: sequence(oid('1.2.840.10045.4.3.4')), hash: 'sha512' };
    default:
      return { algorithmDer: sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' };
  }
}
