import { proxy_get_log_level, proxy_log } from './env';
import { clearResult, RETURN_NUMBER } from './result';
import { Status } from './status';

/** Severity of a log line. */
export const enum LogLevel {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
  Critical = 5,
}

/** Writes one line to the host's log. */
export function log(level: LogLevel, message: usize, messageLength: u32): Status {
  return <Status>proxy_log(level, message, messageLength);
}

/** The lowest level that the host writes; lines below it need not be built. */
export function logLevel(): LogLevel {
  clearResult();
  proxy_get_log_level(RETURN_NUMBER);
  return <LogLevel>load<u32>(RETURN_NUMBER);
}
