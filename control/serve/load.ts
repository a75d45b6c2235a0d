/** A configuration with the rules that it asks for: ours, the user's patterns, and exact values. */
import { checkPatterns } from '../compile/check-patterns.ts';
import type { KeyComplaint } from '../config/explain.ts';
import type { Notice } from '../config/problem.ts';
import { readConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { checkSuppress } from '../rules/check-suppress.ts';
import { checkToolChains } from '../rules/check-tool-chains.ts';
import { customRule, responseRule } from '../rules/custom.ts';
import { entropyRules } from '../rules/entropy.ts';
import { secretsInEnvironment } from '../rules/environment.ts';
import { environmentRuleId, exactRules, secretsFileRuleId } from '../rules/exact.ts';
import { pinRules } from '../rules/pin.ts';
import { readRules } from '../rules/read.ts';
import { type Category, categoryOf, type Rule } from '../rules/rule.ts';
import { readSecretsFile } from '../rules/secrets-file.ts';
import { sessionRulesOf } from '../rules/session.ts';
import { readTokenFile } from '../rules/token-file.ts';
import { toolChainRulesOf } from '../rules/tool-chain.ts';
import { checkToolRules, toolRulesOf } from '../rules/tool-policy.ts';
import { addressRulesOf, checkAddresses } from '../rules/wallet-address.ts';
import { checkHandlers } from './handlers.ts';

export interface Loaded {
  config: Config;
  notices: Notice[];
  rules: Rule[];
  /** SHA-256 of each token that callers of MCP may say; empty: they need none. */
  mcpTokenDigests: Uint8Array[];
}

/**
 * Reads a pipelock.yaml text, and the files of secrets and tokens that it names.
 * @param place names the file in messages
 * @param env where dlp.scan_env looks
 * @throws ConfigError, RuleError
 */
export function load(text: string, place: string, env: NodeJS.ProcessEnv): Loaded {
  let secrets: Uint8Array[] = [];
  const checkSecretsFile = ({ dlp }: Config): KeyComplaint[] => {
    if (dlp.secrets_file === '') return [];
    const { values, problems } = readSecretsFile(dlp.secrets_file);
    secrets = values;
    return problems.map(({ message, remedy }) => ({
      path: ['dlp', 'secrets_file'],
      on: 'value',
      code: 'bad-secrets-file',
      message,
      remedy,
    }));
  };
  let mcpTokenDigests: Uint8Array[] = [];
  const checkTokenFile = ({ mcp_auth: { token_file } }: Config): KeyComplaint[] => {
    if (token_file === '') return [];
    const { digests, problems } = readTokenFile(token_file);
    mcpTokenDigests = digests;
    const path = ['mcp_auth', 'token_file'];
    return problems.map((problem) => ({ path, on: 'value', code: 'bad-token-file', ...problem }));
  };
  const rulesOf = (config: Config): Rule[] => {
    const { dlp } = config;
    const environment = dlp.scan_env ? secretsInEnvironment(env, dlp.min_env_secret_length) : [];
    return [
      ...ownRules(config),
      ...dlp.patterns.map((entry, i) => customRule(entry, `${place}: dlp.patterns[${i}]`)),
      ...config.response_scanning.patterns.map((entry, i) =>
        responseRule(entry, `${place}: response_scanning.patterns[${i}]`),
      ),
      ...exactRules(secretsFileRuleId, 'a value of the file of secrets', secrets),
      ...pinRules(),
      ...entropyRules(config.fetch_proxy.monitoring.subdomain_entropy_exclusions),
      ...exactRules(environmentRuleId, "a value of the gateway's own environment", environment),
      ...toolRulesOf(config.mcp_tool_policy, place),
      ...sessionRulesOf(config.mcp_session_binding),
      ...addressRulesOf(config.address_protection),
      ...toolChainRulesOf(config.tool_chain_detection, place),
    ];
  };
  const { config, notices } = readConfig(text, place, [
    checkPatterns,
    checkSecretsFile,
    checkTokenFile,
    checkToolRules,
    checkHandlers,
    checkToolChains,
    checkAddresses,
    (config) => checkSuppress(config, rulesOf),
  ]);
  return { config, notices, mcpTokenDigests, rules: rulesOf(config) };
}

/** The rules that come with Penstock, but for those that a section leaves out. */
function ownRules({ dlp, response_scanning }: Config): Rule[] {
  const isLeftOut: Partial<Record<Category, boolean>> = {
    credential: !dlp.include_defaults,
    financial: !dlp.include_defaults,
    injection: !response_scanning.include_defaults,
  };
  return readRules().filter(({ id }) => !isLeftOut[categoryOf(id)]);
}
