/** The guest trapped; its VM is dead, and every further call into it throws the same error. */
export class GuestTrap extends Error {
  /** The export in which it happened. */
  readonly callback: string;
  /** The last line that the guest logged at error level or above before it died: what `abort` said. */
  readonly lastWords: string | undefined;

  constructor(callback: string, cause: unknown, lastWords: string | undefined) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${callback}: the guest trapped: ${reason}${lastWords === undefined ? '' : ` (${lastWords})`}`, { cause });
    this.name = 'GuestTrap';
    this.callback = callback;
    this.lastWords = lastWords;
  }
}

/** The guest called the host where it may not: Envoy answers this with a trap as well. */
export class RestrictedCall extends Error {
  constructor(call: string) {
    super(`${call} is not allowed while the module starts or allocates`);
    this.name = 'RestrictedCall';
  }
}
