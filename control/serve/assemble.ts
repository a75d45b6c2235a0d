/** The stages in a row: pipelock.yaml and rules → Policy → table → Envoy's files, guarded. Writes nothing, starts nothing. */
import { readFileSync } from 'node:fs';
import { findSystemRoots } from '../certs/bundle.ts';
import { compileCached } from '../compile/cache.ts';
import { compile } from '../compile/compile.ts';
import { defaultConfigText } from '../config/default.ts';
import { formatNotice } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { guard } from '../guard/guard.ts';
import { buildPolicy } from '../policy/build.ts';
import type { Policy } from '../policy/policy.ts';
import { type EnvoyFiles, type Runtime, render } from '../render/render.ts';
import { load } from './load.ts';
import { parseUpstream, type RunOptions, StartError } from './options.ts';

export interface Assembly {
  /** pipelock.yaml as used. */
  configText: string;
  config: Config;
  policy: Policy;
  files: EnvoyFiles;
  notices: string[];
}

/**
 * Runs the stages.
 * @param env where the system's roots are found, and where dlp.scan_env looks
 * @param tableDirectory where tables are kept from one start to the next; undefined where the result is only looked at:
 * exact values then have no part in it
 * @param source pipelock.yaml and its name in messages; left out: the file of the options
 * @throws ConfigError, RuleError, CompileError, SystemRootsError, or StartError (an option, or a breach that the guard
 * found)
 */
export function assemble(
  options: RunOptions,
  runtime: Runtime,
  env: NodeJS.ProcessEnv,
  tableDirectory?: string,
  { text, place }: ConfigSource = configSource(options.config),
): Assembly {
  const { config, notices, rules: all, mcpTokenDigests } = load(text, place, env);
  const rules = tableDirectory === undefined ? all.filter(({ values }) => !values?.length) : all;
  const policy = buildPolicy(config, rules, {
    listen: options.listen,
    mcpListen: options.mcpListen,
    mcpUpstream: options.mcpUpstream === undefined ? undefined : parseUpstream(options.mcpUpstream),
    mcpTokenDigests,
    upstreamCaFile: config.tls_interception.upstream_ca_file || findSystemRoots(env),
  });
  const table =
    tableDirectory === undefined ? compile(rules, policy).table : compileCached(rules, policy, tableDirectory);
  const files = render(policy, table, runtime);
  const breaches = guard(files, policy);
  if (breaches.length > 0) throw new StartError(breaches.map((breach) => breach.message));
  return { configText: text, config, policy, files, notices: notices.map(formatNotice) };
}

/** The text of a configuration and the name that messages give it. */
export interface ConfigSource {
  text: string;
  place: string;
}

/** The pipelock.yaml of --config, or the default one. */
export function configSource(file: string | undefined): ConfigSource {
  if (file === undefined) return { text: defaultConfigText, place: 'default.yaml' };
  return { text: readText(file, 'give --config the path of a pipelock.yaml'), place: file };
}

/** @throws StartError with the remedy */
export function readText(file: string, remedy: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory, not a file' : message;
    throw new StartError([`${file}: ${what}; ${remedy}`]);
  }
}
