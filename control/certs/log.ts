/** Log lines of the certificate service: the same line once, however often its cause comes back. */

/** What is logged with; a pino logger is one. */
export interface LineLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface CertificateLog {
  /** Logs `message` unless a line with this key was logged before. */
  once(level: keyof LineLog, key: string, message: string): void;
}

/** Keys remembered; clients choose some of them. Past that all are forgotten and lines may come again. */
const maxKeys = 1000;

export function createCertificateLog(log: LineLog): CertificateLog {
  const logged = new Set<string>();
  return {
    once(level, key, message) {
      if (logged.has(key)) return;
      if (logged.size >= maxKeys) logged.clear();
      logged.add(key);
      log[level](message);
    },
  };
}
