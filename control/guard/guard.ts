/**
 * The last look before anything goes out: whether the rendered files keep the promises of the documentation. It reads
 * the bytes that Envoy will read, and shares with render only the patterns of names and the ranges of addresses.
 */
import { parse } from 'yaml';
import type { Policy } from '../policy/policy.ts';
import { isResource, type Resource } from '../render/field.ts';
import type { EnvoyFiles } from '../render/runtime.ts';
import { adminClosed } from './admin-closed.ts';
import { type Breach, members, type Parsed } from './breach.ts';
import { failClosed } from './fail-closed.ts';
import { noBypass } from './no-bypass.ts';
import { noKeyInConfig } from './no-key-in-config.ts';
import { privateRefused } from './private-refused.ts';
import { quietLog } from './quiet-log.ts';
import { upstreamVerified } from './upstream-verified.ts';

export type { Breach } from './breach.ts';

/** Every promise that `files` would break under `policy`; empty where they keep them all. */
export function guard(files: EnvoyFiles, policy: Policy): Breach[] {
  const parsed = parseFiles(files);
  return [
    ...failClosed(parsed),
    ...noBypass(parsed, policy),
    ...adminClosed(parsed),
    ...noKeyInConfig(files, parsed),
    ...upstreamVerified(parsed, policy),
    ...privateRefused(parsed, policy),
    ...quietLog(parsed),
  ];
}

function parseFiles(files: EnvoyFiles): Parsed {
  const bootstrap = mapping(files.bootstrap);
  const listeners = members(mapping(files.listeners).resources);
  const clusters = [
    ...members(mapping(files.clusters).resources),
    ...members((bootstrap.static_resources as Resource | undefined)?.clusters),
  ];
  const filters = members(mapping(files.filter).resources);
  return {
    bootstrap,
    listeners,
    clusters,
    filters,
    all: [
      ['bootstrap', bootstrap],
      ...listeners.map((l): [string, Resource] => [`listener ${l.name}`, l]),
      ...clusters.map((c): [string, Resource] => [`cluster ${c.name}`, c]),
      ...filters.map((f): [string, Resource] => [`filter ${f.name}`, f]),
    ],
  };
}

function mapping(text: string): Resource {
  const value: unknown = parse(text);
  return isResource(value as Resource) ? (value as Resource) : {};
}
