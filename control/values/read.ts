/** A Helm values file → pipelock.yaml, or every problem of it with line and column: what Helm would refuse, without Helm. */
import type { KeyPath } from '../config/keys.ts';
import { namesAt } from '../config/keys.ts';
import { ConfigError, formatKey, type Notice, type Problem } from '../config/problem.ts';
import { locator, readConfig, spanFor } from '../config/read.ts';
import { type Branch, growTree, isMapping } from '../config/tree.ts';
import { checkSure, guardAssistant, type SureValues, sureUpstream } from './assistant-guard.ts';
import { type Chart, gatewayChart, sureChart, type Values } from './chart.ts';
import { checkGateway, type GatewayValues, type ValuesComplaint } from './checks.ts';
import { coalesce } from './coalesce.ts';
import { renderPipelock } from './render.ts';
import { checkSchema } from './schema-check.ts';
import { snakeName } from './sections.ts';

export interface ReadValues {
  /** The chart whose values the file holds. */
  chart: Chart['name'];
  /** False where the values do not install a gateway: there is no pipelock.yaml then. */
  hasGateway: boolean;
  /** The pipelock.yaml that the chart writes. */
  pipelockYaml: string;
  /** Where the chart lets the MCP port lead; empty: nowhere. */
  mcpUpstream: string;
  ports: { proxy: number; mcp: number };
}

/**
 * Reads a values file of the gateway's chart or, where it has keys of Sure's, of that. Helm's defaults are added.
 * @throws ConfigError with what the chart would refuse
 */
export function readValues(text: string, place: string): ReadValues {
  const { tree, complaints } = growTree(text, 'helm');
  const locate = locator(text, place, tree);
  const problems: Problem[] = complaints.map(({ span, path, code, message, remedy }) => ({
    ...locate(span),
    ...{ code, key: formatKey(path), message, remedy },
  }));
  if (!tree || !isMapping(tree.value) || problems.length > 0) throw new ConfigError(problems);

  const chart = chartOf(tree);
  const given = withNulls(tree) as Values;
  const schemaComplaints = schemaOf(given, chart);
  for (const { path, on, code, message, remedy } of schemaComplaints) {
    problems.push({ ...locate(spanFor(tree, path, on)), code, key: formatKey(path), message, remedy });
  }
  if (problems.length > 0) throw new ConfigError(inOrder(problems));

  const { values, gateway, prefix, ownUpstream } = withDefaults(given, chart);
  const found: ValuesComplaint[] = [
    ...(chart === sureChart ? [...guardAssistant(values as SureValues), ...checkSure(values as SureValues)] : []),
    ...(gateway.enabled === true ? checkGateway(gateway, prefix, ownUpstream) : []),
  ];
  for (const { path, at, code, message, remedy } of found) {
    problems.push({ ...locate(spanFor(tree, at ?? path, 'value')), code, key: formatKey(path), message, remedy });
  }
  if (problems.length > 0) throw new ConfigError(inOrder(problems));
  return {
    chart: chart.name,
    hasGateway: gateway.enabled === true,
    pipelockYaml: renderPipelock(gateway),
    mcpUpstream: gateway.mcpProxy.upstream || ownUpstream,
    ports: { proxy: gateway.forwardProxy.port, mcp: gateway.mcpProxy.port },
  };
}

/**
 * As readValues, and what the gateway itself would refuse of the pipelock.yaml, each at the value that it comes from.
 * @throws ConfigError
 */
export function checkValues(text: string, place: string): { read: ReadValues; notices: Notice[] } {
  const read = readValues(text, place);
  if (!read.hasGateway) return { read, notices: [] };
  const { tree } = growTree(text, 'helm');
  const locate = locator(text, place, tree!);
  const prefix: KeyPath = read.chart === 'sure' ? ['pipelock'] : [];
  const placed = <Said extends Problem | Notice>(said: Said): Said => {
    const path = origin(tree!, prefix, said.key);
    const key = path.length > prefix.length ? formatKey(path) : said.key;
    const { line, column, width, sourceLine } = locate(
      spanFor(tree!, path, said.code === 'unknown-key' ? 'key' : 'value'),
    );
    return { ...said, place, key, line, column, ...('width' in said && { width, sourceLine }) };
  };
  try {
    const { notices } = readConfig(read.pipelockYaml, 'pipelock.yaml');
    // What the file does not speak of is the chart's, and in order.
    const own = notices.filter(({ key }) => origin(tree!, prefix, key).length > prefix.length);
    return { read, notices: own.map(placed) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(inOrder(error.problems.map(placed)));
  }
}

/** True where a file's names are those of a chart's values rather than of a pipelock.yaml. */
export function looksLikeValues(text: string): boolean {
  const { tree } = growTree(text, 'helm');
  const names = [...(tree?.children.keys() ?? [])].map(String);
  const values = new Set([...Object.keys(gatewayChart.defaults), ...Object.keys(sureChart.defaults)]);
  const own = new Set(namesAt([]));
  return names.filter((name) => values.has(name)).length > names.filter((name) => own.has(name)).length;
}

function chartOf(tree: Branch): Chart {
  const names = [...tree.children.keys()].map(String);
  const knows = (chart: Chart) => names.filter((name) => Object.hasOwn(chart.defaults, name)).length;
  return names.includes('pipelock') || knows(sureChart) > knows(gatewayChart) ? sureChart : gatewayChart;
}

/** The values of the file. Its empty values, which the tree leaves out, are null: they remove a default. */
function withNulls(branch: Branch): unknown {
  if (branch.value === undefined) return null;
  if (Array.isArray(branch.value)) return [...branch.children.values()].map(withNulls);
  if (!isMapping(branch.value)) return branch.value;
  return Object.fromEntries([...branch.children].map(([name, child]) => [name, withNulls(child)]));
}

/** What the schemas of the chart and its subchart say, of values with their defaults, as Helm looks at them. */
function schemaOf(given: Values, chart: Chart) {
  const complaints = checkSchema(coalesce(given, chart.defaults), chart);
  const below = given.pipelock;
  if (chart !== sureChart || !isMapping(below) || below.enabled !== true) return complaints;
  const gateway = coalesce(coalesce(below, sureChart.defaults.pipelock as Values), gatewayChart.defaults);
  const inGateway = checkSchema(gateway, gatewayChart).map((said) => ({ ...said, path: ['pipelock', ...said.path] }));
  return [...complaints, ...inGateway];
}

function withDefaults(given: Values, chart: Chart) {
  const values = coalesce(given, chart.defaults);
  if (chart === gatewayChart) return { values, gateway: values as GatewayValues, prefix: [], ownUpstream: '' };
  // Helm adds the subchart's defaults only where it is on; here they are what the checks read.
  const gateway = coalesce(values.pipelock as Values, gatewayChart.defaults) as GatewayValues;
  return { values: { ...values, pipelock: gateway }, gateway, prefix: ['pipelock'], ownUpstream: sureUpstream };
}

/** The path of the value that a key of pipelock.yaml comes from: the longest that fits. */
function origin(tree: Branch, prefix: KeyPath, key: string): KeyPath {
  let best: KeyPath = prefix;
  const walk = (branch: Branch, path: KeyPath, made: KeyPath) => {
    for (const [name, child] of branch.children) {
      const below = [...path, name];
      const extra = made.length === 0 && name === 'extraConfig';
      const written = extra ? [] : [...made, typeof name === 'string' ? snakeName(name) : name];
      const text = formatKey(written);
      const fits = text === '' || key === text || key.startsWith(`${text}.`) || key.startsWith(`${text}[`);
      if (!fits) continue;
      if (!extra && below.length > best.length) best = below;
      walk(child, below, written);
    }
  };
  const top = prefix.reduce<Branch | undefined>((branch, step) => branch?.children.get(step), tree);
  if (top) walk(top, prefix, []);
  return best;
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}
