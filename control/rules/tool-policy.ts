/**
 * The rules of tool policy that come with the gateway, and those of mcp_tool_policy.rules: which calls of an MCP tool are
 * stopped for what they ask. Ours are data, in tool-policy/*.yaml.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { KeyComplaint } from '../config/explain.ts';
import { redirectProfileOf } from '../config/redirect-check.ts';
import type { Config } from '../config/schema.ts';
import { fromRe2 } from './re2.ts';
import { confidences, type Rule, type ToolMatch, unwritten } from './rule.ts';

/** Names of tools by what they do, as RE2; they meet a name in snake case, with and without the prefix of its server. */
const tools = {
  shell:
    '^(?:(?:run|exec|execute|start|invoke|spawn|create|send|call)_)?(?:in_|a_|the_)?(?:bash|sh|zsh|shell|terminal|powershell|pwsh|cmd|command|commands|process|script|subprocess|system|console|repl|code|python|node|exec|execute|eval|cli|ssh)(?:_(?:exec|execute|command|commands|run|session|tool|script|code|input|line|cmd|in_terminal|process))*$',
  file: '^(?:[a-z0-9]+_)*(?:read|write|open|get|cat|view|load|edit|create|save|append|copy|move|download|upload|delete|remove|stat|str_replace)(?:_[a-z0-9]+)*$|file|path|directory|document|editor',
  write: '(?:write|save|create|edit|append|put|update|patch|insert|replace|move|copy|upload|editor)',
  delete: '(?:delete|remove|unlink|rmdir|rm|trash|erase|wipe|purge)',
} as const;

const line = z.string().regex(/^[^\n]+$/, 'write one line of text');
const entryShape = z.strictObject({
  title: line,
  tools: z.enum(Object.keys(tools) as (keyof typeof tools)[]),
  confidence: z.enum(confidences),
  argument: line,
  source: z.url({ protocol: /^https$/ }),
  match: z.array(z.string()).min(1),
  reject: z.array(z.string()).min(1),
});

/** The rules that come with the gateway, by id. Throws ZodError where a file is not sound. */
export function readToolRules(directory: string = join(import.meta.dirname, 'tool-policy')): Rule[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => {
      const entries = z.record(z.string(), entryShape).parse(parse(readFileSync(join(directory, name), 'utf8')));
      return Object.entries(entries).map(([entry, { tools: group, argument, ...rest }]) => ({
        ...toolRule(`tool-policy.${basename(name, '.yaml')}.${entry}`, rest.title, {
          name: fromRe2(tools[group]).pattern,
          argument: fromRe2(argument).pattern,
        }),
        ...rest,
      }));
    });
}

/** "Block rm" → tool-policy.block-rm */
export function toolRuleId(name: string): string {
  return `tool-policy.${name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}`;
}

/** Complaints about names of rules: verdicts, log lines and handlers tell rules apart by them. */
export function checkToolRules({ mcp_tool_policy: { enabled, rules } }: Config): KeyComplaint[] {
  if (!enabled) return [];
  return rules.flatMap(({ name }, i): KeyComplaint[] => {
    const id = toolRuleId(name);
    const first = rules.findIndex((other) => toolRuleId(other.name) === id);
    if (first === i) return [];
    const message = `mcp_tool_policy.rules[${first}] has this name too, as ${id}`;
    const path = ['mcp_tool_policy', 'rules', i, 'name'];
    return [{ path, on: 'value', code: 'duplicate-name', message, remedy: 'give it another' }];
  });
}

/**
 * The rules in the order in which they are looked at: the operator's own, then ours.
 * @param place names the configuration in messages
 * @throws Re2Error
 */
export function toolRulesOf(config: Config['mcp_tool_policy'], place: string): Rule[] {
  if (!config.enabled) return [privateAddressRule];
  const own = config.rules.map((entry, i) => ({
    ...toolRule(toolRuleId(entry.name), entry.name, {
      name: pattern(entry.tool_pattern),
      argument: pattern(entry.arg_pattern),
      key: pattern(entry.arg_key),
      action: entry.action,
      redirect: redirectProfileOf(entry, config),
    }),
    place: `${place}: mcp_tool_policy.rules[${i}]`,
  }));
  return [privateAddressRule, ...own, ...(config.include_defaults ? readToolRules() : [])];
}

/** Belongs to mcp_input_scanning: a tool that fetches is not to be sent to where the gateway's network ends. */
const privateAddressRule: Rule = toolRule('mcp.private-address', 'An argument names a private address', {
  namesPrivateAddress: true,
  key: fromRe2(
    '(?i)(?:^|[_.-])(?:url|uri|host|hostname|endpoint|server|domain|ip|address|link|href|src|webhook|callback|target|origin)s?(?:$|[_.-])',
  ).pattern,
});

/** The pattern for control/compile; undefined where it meets everything. */
function pattern(re2: string | undefined): string | undefined {
  const isAny = re2 === undefined || /^(?:\(\?[a-zA-Z]+\))?\^?(?:\.[*+])?\$?$/.test(re2);
  return isAny ? undefined : fromRe2(re2).pattern;
}

function toolRule(id: string, title: string, tool: ToolMatch): Rule {
  return {
    ...unwritten,
    ...{ id, title, tool, severity: 'high', confidence: 'high' },
    place: 'rules/tool-policy',
  };
}
