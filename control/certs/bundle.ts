/** Trust stores: the system's roots, and the bundle of roots plus CA that a client may be given. */
import { readFileSync, statSync } from 'node:fs';
import type { Authority } from './ca.ts';

/** Where systems keep their roots as one PEM file. */
export const systemRootsFiles = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Alpine, Arch
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL, Fedora
  '/etc/pki/tls/certs/ca-bundle.crt', // older RHEL, Amazon Linux
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // macOS, BSD, Alpine without ca-certificates
];

/** No usable file of system roots; the message says what to do. */
export class SystemRootsError extends Error {
  readonly code = 'system-roots-missing';
  override name = 'SystemRootsError';
}

/**
 * Path of the PEM file that holds the system's roots: the environment's SSL_CERT_FILE, else the first of `candidates`
 * that exists. Throws SystemRootsError.
 */
export function findSystemRoots(env: NodeJS.ProcessEnv, candidates: readonly string[] = systemRootsFiles): string {
  const named = env.SSL_CERT_FILE;
  if (named) {
    if (isFile(named)) return named;
    throw new SystemRootsError(`SSL_CERT_FILE: "${named}" is no file; set it to a PEM file of root certificates`);
  }
  const found = candidates.find(isFile);
  if (found) return found;
  throw new SystemRootsError(
    `system roots: none of ${candidates.join(', ')} exists; install ca-certificates, or set SSL_CERT_FILE`,
  );
}

/** System roots plus the CA's issuing certificate, PEM, for clients that take one file. Throws SystemRootsError. */
export function bundle(authority: Authority, systemRootsFile: string): string {
  const roots = readFileSync(systemRootsFile, 'utf8').trim();
  if (!roots.includes('-----BEGIN CERTIFICATE-----') && !roots.includes('-----BEGIN TRUSTED CERTIFICATE-----')) {
    throw new SystemRootsError(
      `${systemRootsFile}: holds no PEM certificate; set SSL_CERT_FILE to a file of root certificates`,
    );
  }
  const own = authority.certificate.toString();
  // SSL_CERT_FILE may already be such a bundle
  return roots.includes(own.trim()) ? `${roots}\n` : `${roots}\n${own}`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
