/**
 * Certificates of the tests' own origins. They are written with the product's DER writer; node's TLS and Envoy's, which
 * both read them, are what says that they are right.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { commonName, extension, keyIdentifier, pem, signCertificate } from '../../control/certs/certificate.ts';
import { implicit, namedBits, oid, sequence, tag, value } from '../../control/certs/der.ts';

const dayMillis = 86_400_000;

/** Object identifiers of RFC 5280, section 4.2.1. */
const oids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** A certificate and its key, both PEM, as node:tls takes them. */
export interface Leaf {
  cert: string;
  key: string;
}

export interface LeafOptions {
  /** DNS names of the certificate. */
  names: string[];
  /** End of validity in days from now; negative: expired. The default is 2. */
  daysLeft?: number;
}

/** A certificate authority of the tests, good for the origins of one run. */
export class TestCa {
  /** The CA's certificate in PEM. */
  readonly pem: string;
  private readonly name: Buffer;
  private readonly privateKey: KeyObject;
  private readonly identifier: Buffer;

  /** A new CA; `name` is its common name. */
  constructor(name: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKeyDer = publicKey.export({ type: 'spki', format: 'der' });
    this.name = commonName(name);
    this.privateKey = privateKey;
    this.identifier = keyIdentifier(publicKeyDer);
    const { der } = signCertificate(
      {
        issuerDer: this.name,
        subjectDer: this.name,
        notBefore: new Date(Date.now() - 60 * dayMillis),
        notAfter: new Date(Date.now() + 60 * dayMillis),
        publicKeyDer,
        extensions: [
          extension(oids.basicConstraints, true, sequence(value(tag.boolean, Buffer.from([0xff])))),
          // keyCertSign is bit 5, cRLSign bit 6.
          extension(oids.keyUsage, true, namedBits(5, 6)),
          extension(oids.subjectKeyIdentifier, false, value(tag.octetString, this.identifier)),
        ],
      },
      privateKey,
    );
    this.pem = pem(der);
  }

  /** A server certificate of this CA. */
  leaf({ names, daysLeft = 2 }: LeafOptions): Leaf {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const dnsNames = names.map((name) => implicit(2, Buffer.from(name, 'latin1')));
    const { der } = signCertificate(
      {
        issuerDer: this.name,
        subjectDer: commonName(names[0]),
        notBefore: new Date(Date.now() - 30 * dayMillis),
        notAfter: new Date(Date.now() + daysLeft * dayMillis),
        publicKeyDer: publicKey.export({ type: 'spki', format: 'der' }),
        extensions: [
          extension(oids.basicConstraints, true, sequence()),
          extension(oids.keyUsage, true, namedBits(0)),
          extension(oids.extKeyUsage, false, sequence(oid(oids.serverAuth))),
          extension(oids.subjectAltName, false, sequence(...dnsNames)),
          extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, this.identifier))),
        ],
      },
      this.privateKey,
    );
    return { cert: pem(der), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  }
}
