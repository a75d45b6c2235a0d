/** The handlers that a configuration names, and whether this machine can run them. */
import { accessSync, constants, statSync } from 'node:fs';
import type { KeyComplaint } from '../config/explain.ts';
import { redirectProfileOf } from '../config/redirect-check.ts';
import type { Config } from '../config/schema.ts';
import type { Handler } from '../redirect/handler.ts';
import { toolRuleId } from '../rules/tool-policy.ts';
import { StartError } from './options.ts';

/** By the id of the rule that redirects to them. */
export function handlersOf({ mcp_tool_policy: section }: Config): Record<string, Handler> {
  if (!section.enabled) return {};
  return Object.fromEntries(
    section.rules.flatMap((rule) => {
      const profile = redirectProfileOf(rule, section);
      if (profile === undefined) return [];
      const { exec, reason } = section.redirect_profiles[profile]!;
      return [[toolRuleId(rule.name), { profile, exec, reason }]];
    }),
  );
}

/** Complaints about programs that are there and cannot be run. One that is not there may be where the gateway runs. */
export function checkHandlers({ mcp_tool_policy: section }: Config): KeyComplaint[] {
  return Object.entries(section.redirect_profiles).flatMap(([name, { exec }]): KeyComplaint[] => {
    if (!section.enabled || problemOf(exec[0]!) !== 'not executable') return [];
    const path = ['mcp_tool_policy', 'redirect_profiles', name, 'exec', 0];
    const message = `${exec[0]} is no program that this user may run`;
    return [{ path, on: 'value', code: 'not-allowed', message, remedy: 'name a file, and chmod +x it' }];
  });
}

/** @throws StartError where a program is missing on the machine that is to run it */
export function requireHandlers({ mcp_tool_policy: section }: Config): void {
  const missing = Object.entries(section.redirect_profiles).filter(
    ([, { exec }]) => section.enabled && problemOf(exec[0]!) === 'missing',
  );
  if (missing.length === 0) return;
  throw new StartError(
    missing.map(
      ([name, { exec }]) =>
        `mcp_tool_policy.redirect_profiles.${name}.exec: ${exec[0]}: no such file; put the program there, or name another`,
    ),
  );
}

function problemOf(program: string): 'missing' | 'not executable' | undefined {
  const found = statSync(program, { throwIfNoEntry: false });
  if (!found) return 'missing';
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return 'not executable';
  }
  return found.isFile() ? undefined : 'not executable';
}
