/** How the configuration file stands since the start: what /health, /metrics and the log say of reloads. */
export interface ReloadState {
  /** False while the file holds a configuration that was refused, and the last good one is in use. */
  current: boolean;
  /** Reloads that were put in use. */
  succeeded: number;
  /** Files that were refused. */
  failed: number;
  /** When the configuration in use was put in use, as Date.now() has it. */
  sinceMs: number;
}
