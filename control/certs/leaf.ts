/** Leaf certificates: one per server name, signed by the CA, for TLS servers only. */
import { generateKeyPairSync } from 'node:crypto';
import type { Authority } from './ca.ts';
import { backdateMs, commonName, extension, keyIdentifier, pem, signCertificate } from './certificate.ts';
import { implicit, namedBits, octets, oid, sequence } from './der.ts';

/** A leaf. Times are Unix milliseconds. */
export interface Leaf {
  /** In memory of its own: a slice of Node's 8 KiB buffer pool would keep the whole pool alive with it. */
  der: Uint8Array;
  serialHex: string;
  notAfterMs: number;
}

export interface LeafMinter {
  readonly authority: Authority;
  readonly ttlSeconds: number;
  /** The key of every leaf, PKCS#8 PEM. */
  readonly keyPem: string;
  /**
   * Signs a leaf for a name that checkName gave. It lives `ttlSeconds` from this moment, but not longer than the CA.
   * Throws once the CA has expired.
   */
  mint(name: string): Leaf;
  /** The leaf and the CA's chain, PEM, in the order TLS sends them. */
  chainPem(leaf: Leaf): string;
}

/** Longest CN (RFC 5280, ub-common-name). */
const maxCommonNameChars = 64;

/**
 * A minter for one CA. All leaves of a process share one key pair, made here and never written to disk: whoever could
 * take one key out of this process (or Envoy) could take a thousand, so more keys would protect nothing and cost time
 * and memory for each name.
 */
export function createLeafMinter(authority: Authority, ttlSeconds: number): LeafMinter {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyDer = publicKey.export({ format: 'der', type: 'spki' });
  const caNotBeforeMs = authority.certificate.validFromDate.getTime();
  const caNotAfterMs = authority.certificate.validToDate.getTime();
  // RFC 5280: keyUsage 4.2.1.3 (digitalSignature), extKeyUsage 4.2.1.12 (serverAuth), key identifiers 4.2.1.1 and 4.2.1.2
  const sameForAll = [
    extension('2.5.29.15', true, namedBits(0)),
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.14', false, octets(keyIdentifier(publicKeyDer))),
  ];
  if (authority.keyIdentifier) {
    sameForAll.push(extension('2.5.29.35', false, sequence(implicit(0, authority.keyIdentifier))));
  }

  function mint(name: string): Leaf {
    const now = Date.now();
    if (now >= caNotAfterMs) {
      throw new Error(`CA ${authority.id}: expired on ${new Date(caNotAfterMs).toISOString()}; put a new CA there`);
    }
    // Certificates count whole seconds.
    const notAfterMs = Math.floor(Math.min(now + ttlSeconds * 1000, caNotAfterMs) / 1000) * 1000;
    const cn = name.length <= maxCommonNameChars ? name : undefined;
    const { der, serialHex } = signCertificate(
      {
        issuerDer: authority.subjectDer,
        subjectDer: commonName(cn),
        notBefore: new Date(Math.max(now - backdateMs, caNotBeforeMs)),
        notAfter: new Date(notAfterMs),
        publicKeyDer,
        // subjectAltName: one dNSName [2]; critical where it stands without a CN (RFC 5280 4.2.1.6)
        extensions: [
          extension('2.5.29.17', cn === undefined, sequence(implicit(2, Buffer.from(name, 'latin1')))),
          ...sameForAll,
        ],
      },
      authority.key,
    );
    return { der: Uint8Array.from(der), serialHex, notAfterMs };
  }

  return {
    authority,
    ttlSeconds,
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    mint,
    chainPem: (leaf) => pem(leaf.der) + authority.chainPem,
  };
}
