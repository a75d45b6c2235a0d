// values.schema.json and the tables in the READMEs are what values.yaml says.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { describeValues, isSection, schemaOf } from '../../chart/describe.ts';
import { generated } from '../../chart/generate.ts';
import { gatewayChart, sureChart } from '../../control/values/chart.ts';

test.each([...generated()].map(([path, text]) => ({ name: relative('.', path), path, text })))(
  '$name is up to date; npm run chart writes it anew',
  ({ path, text }) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

test('every key of both charts says what it is', () => {
  // What Kubernetes' own names say needs no words.
  const plain =
    /^(image\.(repository|pullPolicy)|ingress\.className|service\.(type|port)|.*\.annotations|serviceMonitor\.(interval|scrapeTimeout|path)|autoscaling\.(min|max)Replicas|redis\.port|database\.(port|name|user))$/;
  for (const { name } of [gatewayChart, sureChart]) {
    const text = readFileSync(`chart/${name}/values.yaml`, 'utf8');
    const silent = describeValues(text).filter((entry) => !isSection(entry) && entry.text === '');
    expect(silent.map(({ path }) => path.join('.')).filter((path) => !plain.test(path))).toEqual([]);
  }
});

test('a default that is the same in both charts is the same', () => {
  const { requireForExternalAssistant } = sureChart.defaults.pipelock as Record<string, unknown>;
  expect(requireForExternalAssistant).toBe(gatewayChart.defaults.requireForExternalAssistant);
});

test('a schema is made of defaults, comments and @schema lines', () => {
  const text =
    '# @schema {"minimum": 1}\n# How many.\ncount: 2\nsection:\n  # A switch.\n  on: true\n  # @schema {"additionalProperties": true}\n  free: {}\n';
  expect(schemaOf(describeValues(text))).toEqual({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      global: { type: 'object' },
      count: { description: 'How many.', type: 'integer', minimum: 1 },
      section: {
        type: 'object',
        properties: {
          on: { description: 'A switch.', type: 'boolean' },
          free: { type: 'object', additionalProperties: true },
        },
        additionalProperties: false,
        required: ['on'],
      },
    },
    additionalProperties: false,
    required: ['count', 'section'],
  });
  expect(() => describeValues('# @schema {minimum\ncount: 2\n')).toThrow('count: @schema is not JSON');
});
