/** What is told to others: an event with its weight. */

/** In order of weight; the names are pipelock.yaml's (emit.*.min_severity). */
export const severities = ['info', 'warn', 'critical'] as const;
export type Severity = (typeof severities)[number];

export interface Emitted {
  severity: Severity;
  /** As in the log: exchange, kill-switch, reload-refused … */
  type: string;
  /** RFC 3339. */
  timestamp: string;
  fields: Record<string, string | number | boolean | readonly string[] | undefined>;
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least);
}
