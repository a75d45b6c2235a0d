/**
 * What a schema cannot say of values: that they do not fit each other. chart/gateway/templates/_checks.tpl and
 * chart/sure/templates/_checks.tpl say the same when the charts are rendered; test/chart/refusals.yaml is the test of both.
 */
import type { ProblemCode } from '../config/complaint.ts';
import type { KeyPath } from '../config/keys.ts';
import { formatKey } from '../config/problem.ts';
import type { Values } from './chart.ts';

/** Something wrong with values: `path: message; remedy`. */
export interface ValuesComplaint {
  code: ProblemCode;
  /** From the top of the file. Empty: the message names its keys itself, and `at` is what it is about. */
  path: KeyPath;
  at?: KeyPath;
  message: string;
  remedy: string;
}

/** The values that the checks read; the schema has seen to their types. */
export interface GatewayValues extends Values {
  mode: string;
  replicas: number;
  forwardProxy: { enabled: boolean; port: number };
  mcpProxy: { port: number; upstream: string };
  mcpUpstreams: Record<string, string>;
  mcpToolPolicy: { enabled: boolean; rules: { redirectProfile?: string }[]; redirectProfiles: Record<string, unknown> };
  tlsInterception: {
    passthroughDomains: string[];
    ca: { existingSecret: string; certManager: { enabled: boolean; issuerName: string } };
  };
  killSwitch: { apiListen: string; apiTokenSecret: string };
  pins: { store: string; existingClaim: string };
  autoscaling: { enabled: boolean; minReplicas: number; maxReplicas: number };
  pdb: { enabled: boolean; minAvailable: number | string; maxUnavailable: number | string };
  ingress: { enabled: boolean; hosts: unknown[] };
  apiAllowlist: string[];
  trustedDomains: string[];
  extraConfig: Values;
}

/**
 * What is wrong between the values of the gateway's chart.
 * @param prefix where they stand in the file
 * @param ownUpstream where the MCP port leads when mcpProxy.upstream is empty
 */
export function checkGateway(values: GatewayValues, prefix: KeyPath, ownUpstream: string): ValuesComplaint[] {
  const complaints: ValuesComplaint[] = [];
  const key = (...path: KeyPath) => formatKey([...prefix, ...path]);
  const complain = (path: KeyPath, message: string, remedy: string) =>
    complaints.push({ code: 'values-conflict', path: [...prefix, ...path], message, remedy });
  const { mode, forwardProxy, mcpProxy, mcpToolPolicy, pins, autoscaling, ingress } = values;

  if (forwardProxy.port === mcpProxy.port) {
    complain(
      ['mcpProxy', 'port'],
      `${mcpProxy.port} is the port of ${key('forwardProxy', 'port')} too`,
      'choose another',
    );
  }
  const allowed = values.extraConfig.api_allowlist ?? values.apiAllowlist;
  if (mode === 'strict' && (!Array.isArray(allowed) || allowed.length === 0)) {
    const named = [
      ...new Set(['api.openai.com', ...values.trustedDomains, ...values.tlsInterception.passthroughDomains]),
    ];
    complain(
      ['apiAllowlist'],
      'mode strict reaches only the hosts listed here, and none is',
      `add those that the assistant calls, such as ${JSON.stringify(named)}, and the hosts of the URLs that it is given`,
    );
  }
  if (mcpToolPolicy.enabled && mcpToolPolicy.rules.length === 0) {
    const off = key('mcpToolPolicy', 'enabled');
    complain(['mcpToolPolicy', 'rules'], 'enabled without rules would stop nothing', `add a rule, or set ${off}=false`);
  }
  for (const [i, { redirectProfile }] of mcpToolPolicy.rules.entries()) {
    if (!redirectProfile || Object.hasOwn(mcpToolPolicy.redirectProfiles, redirectProfile)) continue;
    const profiles = key('mcpToolPolicy', 'redirectProfiles');
    const path = ['mcpToolPolicy', 'rules', i, 'redirectProfile'];
    complain(path, `no profile is called ${JSON.stringify(redirectProfile)}`, `add it to ${profiles}`);
  }
  const { apiListen, apiTokenSecret } = values.killSwitch;
  if (apiListen && !apiTokenSecret) {
    const message = `empty, and ${key('killSwitch', 'apiListen')} opens the API of the kill switch`;
    complain(['killSwitch', 'apiTokenSecret'], message, 'name a Secret with the key token');
  }
  const { existingSecret, certManager } = values.tlsInterception.ca;
  if (existingSecret && certManager.enabled) {
    complain(['tlsInterception', 'ca', 'existingSecret'], 'given beside certManager', 'keep one of the two');
  }
  if (certManager.enabled && !certManager.issuerName) {
    complain(['tlsInterception', 'ca', 'certManager', 'issuerName'], 'empty', 'name an issuer that may issue a CA');
  }

  const most = autoscaling.enabled ? autoscaling.maxReplicas : values.replicas;
  if (pins.store === 'file' && most > 1) {
    const message = `file keeps the pins of one pod, and there may be ${most}`;
    complain(['pins', 'store'], message, 'write configMap, or keep one pod');
  }
  if (pins.existingClaim && pins.store !== 'file') {
    const remedy = `set ${key('pins', 'store')}=file, or remove it`;
    complain(['pins', 'existingClaim'], 'used by store file alone', remedy);
  }
  if (autoscaling.enabled && autoscaling.minReplicas > autoscaling.maxReplicas) {
    const message = `${autoscaling.minReplicas} is more than maxReplicas, ${autoscaling.maxReplicas}`;
    complain(['autoscaling', 'minReplicas'], message, 'lower it');
  }
  const budget = checkBudget(values, key);
  if (budget) complain(...budget);

  if (ingress.enabled && ingress.hosts.length === 0) {
    const remedy = `add {host: mcp.example.com}, or set ${key('ingress', 'enabled')}=false`;
    complain(['ingress', 'hosts'], 'empty, so the Ingress would lead nowhere', remedy);
  }
  const hasServer = mcpProxy.upstream || ownUpstream || Object.keys(values.mcpUpstreams).length > 0;
  if (ingress.enabled && !hasServer) {
    const message = 'empty, so the Ingress would lead to no MCP server';
    complain(['mcpProxy', 'upstream'], message, "give the server's URL");
  }
  return complaints;
}

type Said = [path: KeyPath, message: string, remedy: string];

/** A PodDisruptionBudget that has no effect, or blocks every drain of a node. */
function checkBudget(values: GatewayValues, key: (...path: KeyPath) => string): Said | undefined {
  const { pdb, autoscaling, replicas } = values;
  if (!pdb.enabled) return undefined;
  const least = autoscaling.enabled ? autoscaling.minReplicas : replicas;
  const [min, max] = [String(pdb.minAvailable), String(pdb.maxUnavailable)];
  const isAll = (amount: string) => amount === '100%' || (!amount.endsWith('%') && Number(amount) >= least);
  const isNone = (amount: string) => amount === '0' || amount === '0%';
  if (least < 2) {
    const message = 'with fewer than two pods a budget either changes nothing or blocks every drain of a node';
    return [['pdb', 'enabled'], message, `set ${key('replicas')}=2, or ${key('pdb', 'enabled')}=false`];
  }
  if (min === '' && max === '') return [['pdb', 'maxUnavailable'], 'empty, and minAvailable too', 'set one of them'];
  if (min !== '') {
    const path = ['pdb', 'minAvailable'];
    if (isNone(min)) return [path, `${min} keeps no pod`, 'set 1 or more'];
    if (isAll(min)) return [path, `${min} of ${least} pods blocks every drain of a node`, 'lower it'];
    return undefined;
  }
  const path = ['pdb', 'maxUnavailable'];
  if (isNone(max)) return [path, `${max} blocks every drain of a node`, 'set 1 or more'];
  if (isAll(max)) return [path, `${max} of ${least} pods lets all go at once`, 'lower it'];
  return undefined;
}
