import { expect, test } from 'vitest';
import { newListeners } from './reload.ts';

const listen = { address: '127.0.0.1', port: 9090 };
const plan = {
  listenerDigests: { egress: 'a', intercept: 'b', mcp: 'c' },
  metricsListen: undefined,
  stop: undefined,
};
const stop = (port: number) => ({ isOn: false, sentinelFile: '', api: { listen: { ...listen, port }, token: 't' } });

test.each([
  ['nothing', plan, plan, []],
  ['a listener', plan, { ...plan, listenerDigests: { ...plan.listenerDigests, mcp: 'd' } }, ['mcp']],
  ['interception off', plan, { ...plan, listenerDigests: { egress: 'e', mcp: 'c' } }, ['egress', 'intercept']],
  ['interception on', { ...plan, listenerDigests: { egress: 'e', mcp: 'c' } }, plan, ['egress', 'intercept']],
  ['metrics of their own', plan, { ...plan, metricsListen: listen }, ['metrics_listen']],
  ['the switch elsewhere', { ...plan, stop: stop(1) }, { ...plan, stop: stop(2) }, ['kill_switch.api_listen']],
  ['the switch thrown', { ...plan, stop: stop(1) }, { ...plan, stop: { ...stop(1), isOn: true } }, []],
])('%s', (_, before, after, expected) => {
  expect(newListeners(before, after)).toEqual(expected);
});
