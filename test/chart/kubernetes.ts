/** Objects against Kubernetes' own OpenAPI schemas, with unknown fields refused as `kubectl --validate=strict` does. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { findKubernetesSchemas } from '../../chart/find-helm.ts';

type Schema = Record<string, unknown>;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** Groups of custom resources, of which Kubernetes knows nothing. */
const customGroups = new Set(['cert-manager.io', 'monitoring.coreos.com']);

/** Gives a function that says what is wrong with an object; empty: nothing. */
export async function openSchemas(): Promise<(object: KubernetesObject) => string[]> {
  const folder = await findKubernetesSchemas(process.env);
  const documents = new Map<string, Schema>();
  const parsers = new Map<string, z.ZodType>();

  const parserOf = ({ apiVersion, kind }: KubernetesObject): z.ZodType => {
    const name = `${apiVersion} ${kind}`;
    const known = parsers.get(name);
    if (known) return known;
    const file = join(
      folder,
      `${apiVersion.includes('/') ? `apis__${apiVersion.replace('/', '__')}` : `api__${apiVersion}`}_openapi.json`,
    );
    if (!existsSync(file)) throw new Error(`${name}: Kubernetes has no such API`);
    const document = documents.get(file) ?? (strict(JSON.parse(readFileSync(file, 'utf8'))) as Schema);
    documents.set(file, document);
    const schemas = (document.components as { schemas: Record<string, Schema> }).schemas;
    const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const id = Object.keys(schemas).find((key) =>
      (
        schemas[key]!['x-kubernetes-group-version-kind'] as
          | { group: string; kind: string; version: string }[]
          | undefined
      )?.some((gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind),
    );
    if (id === undefined) throw new Error(`${name}: Kubernetes has no such kind`);
    const parser = z.fromJSONSchema({ $ref: `#/$defs/${id}`, $defs: schemas } as never);
    parsers.set(name, parser);
    return parser;
  };

  return (object) => {
    if (customGroups.has(object.apiVersion.split('/')[0]!)) return [];
    const parsed = parserOf(object).safeParse(object);
    if (parsed.success) return [];
    return parsed.error.issues.map(
      (issue) => `${object.kind} ${object.metadata.name}: ${issue.path.join('.')}: ${issue.message}`,
    );
  };
}

/** The document with references that zod follows, and with every mapping closed that has fixed names. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, strict(child)])) as Schema;
  if (typeof schema.$ref === 'string') schema.$ref = schema.$ref.replace('#/components/schemas/', '#/$defs/');
  if (schema.properties && schema.type === 'object' && !schema.additionalProperties)
    schema.additionalProperties = false;
  // A reference with a default beside it; the default is the server's business.
  if (Array.isArray(schema.allOf) && schema.allOf.length === 1) return schema.allOf[0];
  delete schema.default;
  return schema;
}
