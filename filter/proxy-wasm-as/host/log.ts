/** Names of the levels 0 to 5 of `proxy_log`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'critical'] as const;

export type LogLevelName = (typeof logLevels)[number];

/** One line that the guest wrote. */
export interface LogLine {
  readonly level: LogLevelName;
  readonly message: string;
  /** The context whose callback was running; undefined while the module started. */
  readonly contextId: number | undefined;
}
