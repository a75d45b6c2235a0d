/** The form of a scenario file (test/scenario/*.yaml); test/scenario/README.md explains it to people. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { evaluate, type Variables } from './value.ts';

const fields = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const partial = z.record(z.string(), z.unknown());

/** A body: exactly one of these. */
const body = z.strictObject({
  json: z.unknown().optional(),
  text: z.string().optional(),
  /** As many bytes of a fixed pattern. */
  bytes: z.number().int().positive().optional(),
});

const ask = z.strictObject({
  client: z.enum(['h1', 'h2']).default('h1'),
  method: z.string().optional(),
  /** Follows the step's `to`. */
  target: z.string().default(''),
  fields: fields.default({}),
  body: body.optional(),
  /** Content coding that the body is sent in. */
  coding: z.enum(['gzip', 'br', 'zstd']).optional(),
  /** Length in bytes of the pieces that the body is written in. */
  cut: z.number().int().positive().optional(),
  chunked: z.boolean().optional(),
  trailers: fields.optional(),
});

const reply = z.strictObject({
  status: z.union([z.number().int(), z.array(z.number().int())]).optional(),
  fields: fields.optional(),
  /** The body as text, or what a JSON body holds. */
  text: z.string().optional(),
  json: partial.optional(),
  /** A block in the OpenAI error shape whose code is this rule (or unreadable); texts may hold `*`. */
  block: z.string().optional(),
  /** A block as a JSON-RPC error for this id. */
  rpcBlock: z.strictObject({ id: z.union([z.string(), z.number(), z.null()]), rule: z.string() }).optional(),
  /** The connection breaks instead. */
  broken: z.boolean().optional(),
});

const seen = z.union([
  z.literal('nothing'),
  z.strictObject({
    method: z.string().optional(),
    target: z.string().optional(),
    fields: fields.optional(),
    /** `as sent`: byte for byte what the client wrote, before its content coding. */
    body: z.union([z.literal('as sent'), z.strictObject({ text: z.string() })]).optional(),
  }),
]);

const step = z.strictObject({
  /** An absolute URL through 8888, or `mcp:` and a path on 8889. */
  to: z.string(),
  ask,
  reply,
  /** What the origin saw of it. */
  origin: seen.optional(),
  /** Lines that the log holds of it, or `nothing`: no finding, no unreadable. */
  log: z.union([z.literal('nothing'), z.array(partial)]).optional(),
});

const answer = z.strictObject({
  status: z.number().int().default(200),
  fields: fields.default({}),
  json: z.unknown().optional(),
  text: z.string().optional(),
  coding: z.enum(['gzip', 'br', 'zstd']).optional(),
});

const mcpScript = z.strictObject({
  /** Text of a call's result, by tool name. */
  results: z.record(z.string(), z.string()).default({}),
  /** True: results come as an event stream where the client accepts one. */
  streams: z.boolean().default(false),
});

const scenario = z.strictObject({
  title: z.string(),
  /** Sections of pipelock.yaml over the base configuration (harness/world.ts). */
  configuration: partial.default({}),
  /** The scenario is played for every combination of these. */
  each: z.record(z.string(), z.array(z.unknown())).default({}),
  /** Texts that must not show anywhere afterwards. */
  secrets: z.array(z.unknown()).default([]),
  /** What the origins answer; left out: a short chat completion. */
  answer: z.unknown().optional(),
  /** How the MCP server behind 8889 answers. */
  mcp: z.unknown().optional(),
  steps: z.array(z.unknown()).min(1),
});

export type Scenario = z.output<typeof scenario>;
export type Step = z.output<typeof step>;
export type Body = z.output<typeof body>;
export type ScriptedAnswer = z.output<typeof answer>;
export type ExpectedReply = z.output<typeof reply>;
export type ExpectedArrival = z.output<typeof seen>;

export interface ScenarioFile {
  name: string;
  scenarios: Scenario[];
}

/** Every scenario file of a folder; a file holds one scenario or a list of them. Throws with the file's name. */
export function loadScenarios(folder: string): ScenarioFile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const parsed = z.union([z.array(scenario), scenario]).safeParse(parse(text));
    if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
    return { name: basename(file, '.yaml'), scenarios: Array.isArray(parsed.data) ? parsed.data : [parsed.data] };
  });
}

/** One run of a scenario: a name for it and the variables it runs with. */
export interface Run {
  name: string;
  variables: Variables;
}

/** Every combination of a scenario's `each` lists. */
export function runsOf(one: Scenario): Run[] {
  let runs: Run[] = [{ name: one.title, variables: {} }];
  for (const [name, values] of Object.entries(one.each)) {
    runs = runs.flatMap((run) =>
      values.map((value) => ({
        name: `${run.name} · ${label(value)}`,
        variables: { ...run.variables, [name]: value },
      })),
    );
  }
  return runs;
}

/** What a scenario does, with everything worked out. */
export interface Script {
  steps: Step[];
  secrets: string[];
  answer: ScriptedAnswer | undefined;
  mcp: z.output<typeof mcpScript>;
}

/** Works one run of a scenario out. Throws what the form forbids. */
export function scriptOf(one: Scenario, variables: Variables): Script {
  const checked = <Schema extends z.ZodType>(schema: Schema, place: string, value: unknown): z.output<Schema> => {
    const parsed = schema.safeParse(evaluate(value, variables));
    if (!parsed.success) throw new Error(`${one.title}: ${place}: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  };
  return {
    steps: one.steps.map((raw, index) => checked(step, `steps[${index}]`, raw)),
    secrets: checked(z.array(z.string()), 'secrets', one.secrets),
    answer: one.answer === undefined ? undefined : checked(answer, 'answer', one.answer),
    mcp: checked(mcpScript, 'mcp', one.mcp ?? {}),
  };
}

function label(value: unknown): string {
  return typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : String(value);
}
