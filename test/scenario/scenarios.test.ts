import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { stringify } from 'yaml';
import { Gateway } from '../harness/gateway.ts';
import { addressOf } from '../harness/names.ts';
import { Origin } from '../harness/origin.ts';
import { World } from '../harness/world.ts';
import { loadScenarios, runsOf, type Scenario } from './format.ts';
import { play } from './play.ts';
import type { Stage } from './stage.ts';

const files = loadScenarios(join(import.meta.dirname, '.'));
let world: World;
let mcp: Origin;
let stage: Stage | undefined;
let configuration: string | undefined;
/** Configurations whose gateway did not start: it is not tried again for each scenario. */
const failures = new Map<string, unknown>();

/** The gateway for a scenario: the one that runs, where its configuration is the same. */
async function stageFor(scenario: Scenario): Promise<Stage> {
  const wanted = world.configuration(scenario.configuration);
  if (stage === undefined || configuration !== wanted) {
    if (failures.has(wanted)) throw failures.get(wanted);
    await stage?.gateway.stop();
    stage = undefined;
    const mcpUpstream = `${mcp.urlFor('mcp.penstock.test')}/mcp`;
    const gateway = await Gateway.start({ configuration: wanted, mcpUpstream }).catch((error: unknown) => {
      failures.set(wanted, error);
      throw error;
    });
    configuration = wanted;
    stage = { world, gateway, mcp };
  }
  return stage;
}

beforeAll(async () => {
  world = await World.start();
  mcp = await Origin.start({ address: addressOf('mcp.penstock.test'), port: 80 });
});

afterAll(async () => {
  await stage?.gateway.stop();
  await mcp?.close();
  await world?.close();
});

// Scenarios of one configuration stand side by side, so that a gateway is started once for them.
const all = files.flatMap(({ name, scenarios }) => scenarios.map((scenario) => ({ name, scenario })));
const groups = Map.groupBy(all, ({ scenario }) => stringify(scenario.configuration));

for (const [sections, members] of groups) {
  describe(sections === '{}\n' ? 'base configuration' : sections.trim().replaceAll('\n', ' '), () => {
    for (const { name, scenario } of members) {
      for (const run of runsOf(scenario)) {
        test(`${name}: ${run.name}`, async () => play(scenario, run.variables, await stageFor(scenario)));
      }
    }
  });
}
