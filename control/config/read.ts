import { dirname, resolve } from 'node:path';
import { LineCounter } from 'yaml';
import { crossChecks } from './cross-check.ts';
import { explain, type KeyComplaint } from './explain.ts';
import type { KeyPath } from './keys.ts';
import { maskSecrets } from './mask.ts';
import { holdAgainstTable } from './not-honoured.ts';
import { ConfigError, formatKey, type Notice, type Problem } from './problem.ts';
import { checkRedirects } from './redirect-check.ts';
import { type Config, configSchema } from './schema.ts';
import { textOffset } from './text-offset.ts';
import { type Branch, branchAt, growTree, isMapping, nearestBranch, type Span } from './tree.ts';

/** A look at the values beyond their form: what it has against a Config whose paths are absolute. */
export type ConfigCheck = (config: Config) => KeyComplaint[];

/**
 * The Config of a pipelock.yaml text. `place` names the file in messages, and its folder is where relative paths in the
 * file start. Reads no file. Throws ConfigError with every problem at once, those that `checks` find too, and nothing else.
 */
export function readConfig(
  text: string,
  place: string,
  checks: readonly ConfigCheck[] = [],
): { config: Config; notices: Notice[] } {
  const source = text.replace(/^\uFEFF/, '');
  const { tree, complaints } = growTree(source);
  const locate = locator(source, place, tree);
  const problems: Problem[] = complaints.map(({ span, path, code, message, remedy }) => ({
    ...locate(span),
    ...{ code, key: formatKey(path), message, remedy },
  }));
  if (!tree || !isMapping(tree.value)) throw new ConfigError(problems);

  const { config: relative, complaints: keyComplaints } = check(tree);
  const config = withAbsolutePaths(relative, dirname(place));
  const held = holdAgainstTable(tree, relative);
  const checked = checks.flatMap((check) => check(config));
  for (const { path, on, offset, otherwise, code, message, remedy } of [
    ...keyComplaints,
    ...held.complaints,
    ...checked,
  ]) {
    const shown = otherwise && !branchAt(tree, path) ? otherwise : path;
    const span = spanFor(tree, shown, on);
    const value = branchAt(tree, path)?.value;
    const exact =
      offset !== undefined && typeof value === 'string' ? textOffset(source, span, value, offset) : undefined;
    const marked = exact === undefined ? span : { start: exact, end: exact + 1 };
    problems.push({ ...locate(marked), code, key: formatKey(path), message, remedy });
  }
  if (problems.length > 0) throw new ConfigError(problems.sort((a, b) => a.line - b.line || a.column - b.column));

  const notices = [...held.notices, ...unreadTunnels(tree)].map(({ path, code, message }) => {
    const { line, column } = locate(spanFor(tree, path, 'key'));
    return { code, place, line, column, key: formatKey(path), message };
  });
  return {
    config,
    notices: notices.sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** All that is wrong with the values, and the Config of those that are right. */
function check(tree: Branch): { config: Config; complaints: KeyComplaint[] } {
  const complaints: KeyComplaint[] = [];
  const left = structuredClone(tree.value) as Record<string, unknown>;
  const wrong = new Set<string>();
  let config: Config | undefined;
  // The second round finds nothing, since the first removed all that is wrong; the bound is there to prove it.
  for (let round = 0; round < 3 && !config; round++) {
    const parsed = configSchema.safeParse(left);
    if (parsed.success) {
      config = parsed.data;
      break;
    }
    for (const issue of parsed.error.issues) {
      const found = explain(issue, (path) => branchAt(tree, path)?.value);
      complaints.push(...found);
      for (const { path } of found) wrong.add(formatKey(remove(left, path)));
    }
  }
  config ??= configSchema.parse({});
  for (const { keys, check } of crossChecks) {
    const complaint = keys.some((key) => overlaps(key, wrong)) ? undefined : check(config);
    if (complaint) complaints.push(complaint);
  }
  if (!overlaps('mcp_tool_policy', wrong)) complaints.push(...checkRedirects(config));
  return { config, complaints };
}

/** Removes the key at a path, or the nearest one above it that is no list entry and exists; gives its path. */
function remove(values: Record<string, unknown>, path: KeyPath): KeyPath {
  let section: unknown = values;
  let last: { section: Record<string, unknown>; path: KeyPath } | undefined;
  for (const [i, step] of path.entries()) {
    if (!isMapping(section) || !Object.hasOwn(section, step)) break;
    last = { section, path: path.slice(0, i + 1) };
    section = section[step];
  }
  if (last) delete last.section[last.path.at(-1)!];
  return last?.path ?? [];
}

/** True when the key, or a section that holds it, is among the wrong ones. */
function overlaps(key: string, wrong: ReadonlySet<string>): boolean {
  return [...wrong].some((each) => key === each || key.startsWith(`${each}.`));
}

/** Offsets → where a person looks for them. */
export function locator(text: string, place: string, tree: Branch | undefined) {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
  const sourceLines = maskSecrets(text, tree).split(/\r?\n/);

  return (span: Span) => {
    const { line, col: column } = lines.linePos(Math.min(span.start, text.length));
    const sourceLine = sourceLines[line - 1] ?? '';
    const width = Math.max(1, Math.min(span.end - span.start, sourceLine.length - column + 1));
    return { place, line, column, width, sourceLine };
  };
}

/** What a message about a key points at: its key or its value, or those of the nearest section above it. */
export function spanFor(tree: Branch, path: KeyPath, on: 'key' | 'value'): Span {
  const branch = nearestBranch(tree, path);
  const exact = branchAt(tree, path) !== undefined;
  // The value of a section begins at its first key, which is not what is meant.
  if (branch.keySpan && (on === 'key' || !exact || isMapping(branch.value) || branch.value === undefined)) {
    return branch.keySpan;
  }
  return branch === tree ? { start: 0, end: 1 } : branch.valueSpan;
}

/** A file that does not speak of interception has it off; its owner should know what that means. */
function unreadTunnels(tree: Branch): { path: KeyPath; code: 'tunnels-unread'; message: string }[] {
  if (branchAt(tree, ['tls_interception', 'enabled'])?.value !== undefined) return [];
  const message = 'left out, so it is off and https bodies are not read; write true to have them read';
  return [{ path: ['tls_interception', 'enabled'], code: 'tunnels-unread', message }];
}

/** The files that the Config names, from the configuration's folder. Left out stays empty. */
function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string) => (path === '' ? '' : resolve(folder, path));
  const { ca_cert, ca_key, upstream_ca_file } = config.tls_interception;
  return {
    ...config,
    tls_interception: {
      ...config.tls_interception,
      ca_cert: absolute(ca_cert),
      ca_key: absolute(ca_key),
      upstream_ca_file: absolute(upstream_ca_file),
    },
    flight_recorder: {
      ...config.flight_recorder,
      dir: absolute(config.flight_recorder.dir),
      signing_key_path: absolute(config.flight_recorder.signing_key_path),
    },
    kill_switch: { ...config.kill_switch, sentinel_file: absolute(config.kill_switch.sentinel_file) },
    logging: { ...config.logging, file: absolute(config.logging.file) },
    mcp_auth: { token_file: absolute(config.mcp_auth.token_file) },
    dlp: { ...config.dlp, secrets_file: absolute(config.dlp.secrets_file) },
    file_sentry: { ...config.file_sentry, watch_paths: config.file_sentry.watch_paths.map(absolute) },
  };
}
