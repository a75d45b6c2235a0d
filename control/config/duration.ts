import type { Complaint } from './complaint.ts';
import { quote } from './complaint.ts';

// https://pkg.go.dev/time#ParseDuration; both micro signs are in use.
const secondsPerUnit: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * The seconds of a Go duration: "24h" → 86400, "1h30m" → 5400, "1.5s" → 1.5, "0" → 0. Undefined when the text is none;
 * negative durations are none, since no key means anything with one.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let seconds = 0;
  part.lastIndex = 0;
  let end = 0;
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    seconds += Number(found[1]) * secondsPerUnit[found[2]!]!;
    end = part.lastIndex;
  }
  return end > 0 && end === text.length && Number.isFinite(seconds) ? seconds : undefined;
}

/** Undefined when the text is a duration between the bounds (seconds, both included), else what is wrong with it. */
export function durationComplaint(text: string, minSeconds: number, maxSeconds: number): Complaint | undefined {
  const seconds = parseDuration(text);
  if (seconds === undefined) {
    return {
      code: 'bad-duration',
      message: `${quote(text)} is not a duration`,
      remedy: 'write one such as 24h or 1h30m',
    };
  }
  if (seconds < minSeconds) {
    return { code: 'out-of-range', message: `${quote(text)} is too short`, remedy: `write ${minSeconds}s or more` };
  }
  if (seconds > maxSeconds) {
    return {
      code: 'out-of-range',
      message: `${quote(text)} is too long`,
      remedy: `write ${maxSeconds / 3600}h or less`,
    };
  }
  return undefined;
}
