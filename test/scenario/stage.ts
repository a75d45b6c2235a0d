import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { Gateway, type GatewayOptions } from '../harness/gateway.ts';
import { serveMcp } from '../harness/mcp-server.ts';
import { addressOf } from '../harness/names.ts';
import { Origin } from '../harness/origin.ts';
import { World } from '../harness/world.ts';

/** What a scenario is played on. */
export interface Stage {
  world: World;
  gateway: Gateway;
  /** The MCP server behind 8889. */
  mcp: Origin;
}

/** What a test file may change of the stage. */
export interface StageOptions extends Omit<GatewayOptions, 'configuration'> {
  /** Sections of pipelock.yaml over the base configuration. */
  sections?: Record<string, unknown>;
}

/** Starts the origins, the MCP server and a gateway. */
export async function startStage({ sections, ...more }: StageOptions = {}): Promise<Stage> {
  const world = await World.start();
  const mcp = await Origin.start({ address: addressOf('mcp.penstock.test'), port: 80 });
  serveMcp(mcp);
  try {
    const mcpUpstream = `${mcp.urlFor('mcp.penstock.test')}/mcp`;
    const gateway = await Gateway.start({ mcpUpstream, ...more, configuration: world.configuration(sections) });
    return { world, gateway, mcp };
  } catch (error) {
    await Promise.all([world.close(), mcp.close()]);
    throw error;
  }
}

export async function stopStage({ world, gateway, mcp }: Stage): Promise<void> {
  await gateway.stop();
  await Promise.all([world.close(), mcp.close()]);
}

/** A stage for the tests of a file: started before the first, its origins reset before each, stopped after the last. */
export function useStage(options: StageOptions = {}): Stage {
  const stage = {} as Stage;
  let envoyAtStart = 0;
  beforeAll(async () => {
    Object.assign(stage, await startStage(options));
    envoyAtStart = stage.gateway.envoyPid();
  });
  beforeEach(() => {
    stage.world.reset();
    stage.mcp.reset();
    serveMcp(stage.mcp);
  });
  afterAll(async () => {
    if (stage.gateway === undefined) return;
    const envoyAtEnd = stage.gateway.processes().find(({ pid }) => pid === envoyAtStart);
    const log = stage.gateway.log.text.slice(-5_000);
    await stopStage(stage);
    // A crash that the supervisor repaired is a crash all the same.
    expect(envoyAtEnd, `the Envoy of the start is gone; the log ended with\n${log}`).toBeDefined();
  });
  return stage;
}
