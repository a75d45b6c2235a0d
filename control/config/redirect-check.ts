/** What must hold between the rules of tool policy and the handlers that they redirect calls to. */
import { isAbsolute } from 'node:path';
import { quote } from './complaint.ts';
import type { KeyComplaint } from './explain.ts';
import type { Config } from './schema.ts';

type ToolPolicy = Config['mcp_tool_policy'];

/** The profile that answers the calls which meet a rule; undefined where they are not redirected. */
export function redirectProfileOf(rule: ToolPolicy['rules'][number], section: ToolPolicy): string | undefined {
  return (rule.action ?? section.action) === 'redirect' ? rule.redirect_profile : undefined;
}

/** Complaints about mcp_tool_policy. Whether a handler's program is there is for the machine that it runs on. */
export function checkRedirects({ mcp_tool_policy: section }: Config): KeyComplaint[] {
  if (!section.enabled) return [];
  const rules = section.rules.flatMap((rule, i): KeyComplaint[] => {
    const at = ['mcp_tool_policy', 'rules', i] as const;
    const action = rule.action ?? section.action;
    const path = [...at, 'redirect_profile'];
    if (rule.redirect_profile === undefined) {
      if (action !== 'redirect') return [];
      const message = 'missing, and the action is redirect';
      const remedy = 'name one of mcp_tool_policy.redirect_profiles';
      return [{ path, on: 'key', otherwise: at, code: 'missing-key', message, remedy }];
    }
    if (action === undefined) {
      const message = 'given, and no action says to redirect';
      return [{ path, on: 'value', code: 'not-allowed', message, remedy: 'write action: redirect, or remove it' }];
    }
    if (Object.hasOwn(section.redirect_profiles, rule.redirect_profile)) return [];
    const message = `no profile is called ${quote(rule.redirect_profile)}`;
    const remedy = 'add it to mcp_tool_policy.redirect_profiles';
    return [{ path, on: 'value', code: 'not-allowed', message, remedy }];
  });
  return [...rules, ...Object.entries(section.redirect_profiles).flatMap(([name, profile]) => check(name, profile))];
}

function check(name: string, profile: ToolPolicy['redirect_profiles'][string]): KeyComplaint[] {
  const at = ['mcp_tool_policy', 'redirect_profiles', name];
  const complaints: KeyComplaint[] = [];
  for (const key of ['preserve_argv', 'match_abs_path'] as const) {
    if (!profile[key]) continue;
    const message = 'it is on, and not honoured: a handler gets the call on its stdin, and its argv is exec';
    complaints.push({
      path: [...at, key],
      on: 'value',
      code: 'not-honoured',
      message,
      remedy: 'write false, or remove it',
    });
  }
  const [program = ''] = profile.exec;
  if (!isAbsolute(program)) {
    const message = `${quote(program)} is not an absolute path`;
    const remedy = 'write where the program is, such as /opt/handlers/answer; no shell looks for it';
    complaints.push({ path: [...at, 'exec', 0], on: 'value', code: 'not-allowed', message, remedy });
  }
  profile.exec.forEach((argument, i) => {
    if (!argument.includes('\0')) return;
    const message = 'holds a NUL, which no argument can';
    complaints.push({ path: [...at, 'exec', i], on: 'value', code: 'not-allowed', message, remedy: 'remove it' });
  });
  return complaints;
}
