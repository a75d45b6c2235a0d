/**
 * Named places in an Envoy resource, such as `filter_chains[egress].filters[http].typed_config.route_config`. Filling
 * fields by name keeps envoy/*.yaml real files: there is no template, and a field that a source does not have is an error.
 */

/** One value of a parsed YAML document. */
export type Value = null | boolean | number | string | Value[] | Resource;
/** A YAML mapping: one message of Envoy's API. */
export interface Resource {
  [key: string]: Value;
}

/**
 * The value at `path`: keys joined by dots, `[x]` for the list member whose `name` (or `upgrade_type`) is x, or which
 * is at place x. `["x"]` is a key that holds dots.
 * @throws Error where there is nothing: the source and the code that fills it no longer agree.
 */
export function field(root: Value, path: string): Value {
  let value: Value | undefined = root;
  for (const step of steps(path)) {
    value = member(value, step);
    if (value === undefined) throw new Error(`${path}: nothing is at ${step.key}`);
  }
  return value;
}

/** As `field`, for a mapping. @throws Error where it is none. */
export function resource(root: Value, path: string): Resource {
  const value = field(root, path);
  if (!isResource(value)) throw new Error(`${path}: is not a mapping`);
  return value;
}

/** As `field`, for a list. @throws Error where it is none. */
export function list(root: Value, path: string): Value[] {
  const value = field(root, path);
  if (!Array.isArray(value)) throw new Error(`${path}: is not a list`);
  return value;
}

/** Replaces the value at `path`. @throws Error where the source has no value there to replace. */
export function fill(root: Value, path: string, value: Value): void {
  field(root, path);
  const all = steps(path);
  const last = all.pop()!;
  let parent: Value = root;
  for (const step of all) parent = member(parent, step)!;
  if (Array.isArray(parent)) parent[parent.indexOf(member(parent, last)!)] = value;
  else (parent as Resource)[last.key] = value;
}

/** Takes the members named out of the list at `path`. @throws Error where one is not there. */
export function takeOut(root: Value, path: string, ...names: string[]): void {
  const from = list(root, path);
  for (const name of names) from.splice(from.indexOf(field(from, `[${name}]`)), 1);
}

export function isResource(value: Value | undefined): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Step {
  key: string;
  inList: boolean;
}

function steps(path: string): Step[] {
  const found = [...path.matchAll(/\["([^"]+)"\]|\[([^\]]+)\]|([^.[\]]+)/g)];
  return found.map((m) => ({ key: (m[1] ?? m[2] ?? m[3])!, inList: m[2] !== undefined }));
}

function member(value: Value | undefined, step: Step): Value | undefined {
  if (!step.inList) return isResource(value) ? value[step.key] : undefined;
  if (!Array.isArray(value)) return undefined;
  if (/^\d+$/.test(step.key)) return value[Number(step.key)];
  return value.find((v) => isResource(v) && (v.name === step.key || v.upgrade_type === step.key));
}
