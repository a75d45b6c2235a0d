/** Log events: what Envoy, the filter, the worker and the supervisor have to say, in one shape. */

export interface LogEvent {
  level: 'info' | 'warn' | 'error';
  /** finding, unreadable, upstream-failure, handshake-failure, unread, refused, envoy, control, notice, ready, … */
  event: string;
  [field: string]: string | number | boolean | readonly string[] | undefined;
}

/** What the filter and Envoy's access log may say of an exchange. Nothing else of theirs is passed on. */
const exchangeFields = [
  'verdict', 'rule', 'title', 'surface', 'tool', 'view', 'offset', 'reason', 'host', 'name', 'method', 'status', 'details',
  'flags', 'request', 'client', 'from', 'to',
] as const; // biome-ignore format: one look

/** The fields that Envoy fills of an exchange's own line. */
const lineFields = [
  'at', 'listener', 'client', 'host', 'method', 'status', 'details', 'flags', 'duration_ms', 'first_byte_ms', 'request_bytes',
  'response_bytes',
] as const; // biome-ignore format: one look

/** Longest text of a field, in characters: a host name has up to 253. */
const maxFieldChars = 300;

/** A line of Envoy's stdout: its access log, one JSON object each. */
export function readAccessLine(line: string): LogEvent {
  const value = parseObject(line);
  if (!value || typeof value.event !== 'string') return stray(line);
  return value.event === 'exchange' ? readExchange(value, true) : exchangeEvent(value);
}

/** A line of Envoy's stderr, made by `envoyLogFormat`; undefined where it is not worth passing on. */
export function readEnvoyLine(line: string): LogEvent | undefined {
  const value = parseObject(line);
  if (!value || typeof value.message !== 'string') return stray(line);
  const message = value.message;
  // "wasm log <plugin> <root id> <vm id>: <what the filter said>"
  const said = value.logger === 'wasm' ? /^wasm log[^{]*: (\{.*\})$/s.exec(message)?.[1] : undefined;
  const finding = said === undefined ? undefined : parseObject(said);
  if (finding && typeof finding.event === 'string') return exchangeEvent(finding);
  const level = levels[String(value.level)];
  if (level === undefined || noise.some((start) => start.test(message))) return undefined;
  return { level, event: 'envoy', logger: clean(String(value.logger)), message: clean(message.trim(), 1_000) };
}

/** Envoy's --log-format: a JSON object a line. %j is the message, escaped for JSON. */
export const envoyLogFormat = '{"level":"%l","logger":"%n","message":"%j"}';

/** True for what Envoy says when nobody serves certificates, which is as it should be where no tunnel is opened. */
export function isAboutCertificates({ event, message }: LogEvent): boolean {
  return event === 'envoy' && /gRPC config stream to certificates closed/.test(String(message));
}

/** Envoy's level → ours; what is missing is noise. */
const levels: Record<string, LogEvent['level']> = { warning: 'warn', error: 'error', critical: 'error' };

/** Warnings of Envoy that nobody can act on. */
const noise = [
  // One for each use of an API that the configuration relies on knowingly (render's matchers).
  /^message '[\w.]+' is contained in proto file '[\w./]+' marked as work-in-progress/,
  // The supervisor says itself that it ends.
  /^caught ENVOY_SIGTERM/,
];

/** Events that are in the order of things. All others tell of a leak, a refusal or a failure. */
const ordinary = new Set(['unread']);

function exchangeEvent(value: Record<string, unknown>): LogEvent {
  const event = clean(String(value.event));
  const found: LogEvent = { level: ordinary.has(event) ? 'info' : 'warn', event };
  copyFields(value, exchangeFields, found);
  return found;
}

function copyFields(value: Record<string, unknown>, names: readonly string[], into: LogEvent): void {
  for (const name of names) {
    const field = value[name];
    if (typeof field === 'number' || typeof field === 'boolean') into[name] = field;
    else if (name === 'host' && typeof field === 'string' && field !== '-') into[name] = clean(hostText(field));
    // Envoy writes "-" for what it does not know.
    else if (typeof field === 'string' && field !== '' && field !== '-') into[name] = clean(field);
  }
}

/** True for a line of Envoy's stdout that is an exchange's own. */
export function isExchangeLine(line: string): boolean {
  return line.includes('"event":"exchange"');
}

/** True for an exchange's line that tells of an allowed one for sure; most are, and need not be read where nobody wants them. */
export function isPlainlyAllowed(line: string): boolean {
  return line.includes('"found":null') && !/rbac_access_denied|address_denied/.test(line);
}

/** As readAccessLine, of an exchange's own line. @param masks whether the host is shown as in the log */
export function readExchangeLine(line: string, masks: boolean): LogEvent | undefined {
  const value = parseObject(line);
  return value?.event === 'exchange' ? readExchange(value, masks) : undefined;
}

/**
 * An exchange's own line (docs/log.md): what Envoy counted, and what the filter found (filter/action/note.ts), or which of the
 * rules of destinations refused it.
 */
function readExchange(value: Record<string, unknown>, masks: boolean): LogEvent {
  const found: LogEvent = { level: 'info', event: 'exchange' };
  const [verdict, surface, view, request, ...rules] = typeof value.found === 'string' ? value.found.split(' ') : [];
  const refused = refusal(String(value.details));
  found.request = request ?? String(value.id).replaceAll('-', '').slice(0, 16);
  found.verdict = verdict ?? (refused === undefined ? 'allow' : 'block');
  found.action = actionOf(found.verdict, String(value.flags), String(value.details));
  if (verdict !== undefined || refused !== undefined) {
    found.level = 'warn';
    found.rules = verdict === undefined ? [refused!] : rules.map((rule) => clean(rule));
    if (surface !== '-' && surface !== undefined) Object.assign(found, { surface: clean(surface), view: clean(view!) });
  }
  copyFields(value, lineFields, found);
  if (!masks && typeof value.host === 'string') found.host = clean(value.host);
  // What was found in the URL may be a part of the host.
  if (surface === 'url') delete found.host;
  return found;
}

/** The rule of destinations that Envoy's details name. */
function refusal(details: string): string | undefined {
  if (details.includes('{address_denied}')) return 'destination-private';
  return /^rbac_access_denied_matched_policy\[([\w-]+)\]/.exec(details)?.[1];
}

/** No answer of the origin's: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage */
const failures = /\b(?:DF|UF|UC|UH|URX|UR|LR|UPE|UO|NC)\b/;

function actionOf(verdict: string, flags: string, details: string): string {
  if (details.includes('penstock_redirect')) return 'redirected';
  if (verdict === 'block') return 'answered';
  return failures.test(flags) ? 'failed' : 'passed';
}

/**
 * A host name as it may be shown. A label that looks drawn, long and of letters and digits or of digits alone, may be a
 * secret that somebody tried to send as a name; what is no host name may hold one anywhere.
 */
export function hostText(host: string): string {
  if (!/^[A-Za-z0-9._-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/.test(host)) return '(no host name)';
  return host.replace(/[A-Za-z0-9_]{13,}/g, (label) =>
    /^\d+$/.test(label) || (label.length >= 16 && /\d/.test(label) && /[A-Za-z]/.test(label)) ? '(masked)' : label,
  );
}

function stray(line: string): LogEvent {
  return { level: 'warn', event: 'envoy', message: clean(line, 1_000) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Text that can go to a terminal: no control, format or bidirectional characters, bounded. */
export function clean(text: string, maxChars: number = maxFieldChars): string {
  const short = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}
