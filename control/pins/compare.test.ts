import { describe, expect, test } from 'vitest';
import { compareDefinitions } from './compare.ts';
import { canonicalText, readJson } from './json.ts';

const base = {
  name: 'transfer',
  title: 'Transfer',
  description: 'Moves money.\nAsks first.',
  inputSchema: {
    type: 'object',
    properties: { amount: { type: ['number', 'string'], description: 'How much' }, to: { enum: ['a', 'b'] } },
    required: ['amount', 'to'],
  },
  annotations: { title: 'Transfer', readOnlyHint: false },
  _meta: { tags: ['x'] },
};

function changes(after: object | string, before: object = base) {
  const text = typeof after === 'string' ? after : JSON.stringify(after);
  return compareDefinitions(canonicalText(readJson(JSON.stringify(before))), canonicalText(readJson(text)));
}
const schema = (more: object) => ({ ...base, inputSchema: { ...base.inputSchema, ...more } });

describe('cosmetic', () => {
  test('the order of keys and the white space of JSON are no difference at all', () => {
    const turned = Object.fromEntries(Object.entries(base).reverse());
    expect(changes(JSON.stringify(turned, null, 4).replace('"Moves', '"\\u004doves'))).toEqual({
      same: true,
      changed: [],
    });
  });
  test.each([
    ['white space in a text', { ...base, description: ' Moves  money. Asks\tfirst.\n' }],
    ['hints', { ...base, annotations: { title: 'Transfer', readOnlyHint: true, openWorldHint: false } }],
    ['icons', { ...base, icons: [{ src: 'https://a.example/i.png' }] }],
    ['the order of required', schema({ required: ['to', 'amount'] })],
    [
      'the order of values and types',
      schema({
        properties: { amount: { type: ['string', 'number'], description: 'How  much' }, to: { enum: ['b', 'a'] } },
      }),
    ],
    ['what is left out and what is null', { ...base, outputSchema: null, execution: {} }],
  ])('%s', (_, after) => {
    expect(changes(after)).toEqual({ same: false, changed: [] });
  });
});

describe('a change of meaning', () => {
  test.each([
    ['description', { ...base, description: 'Moves money. Never asks first.' }],
    ['description', { ...base, description: 'Moves money.\nAsks\u200b first.' }],
    ['description', { ...base, description: 'Moves money.\nAsks\u00a0first.' }],
    ['description', { ...base, description: null }],
    ['title', { ...base, title: 'Transfer now' }],
    ['title', { ...base, annotations: { title: 'Send', readOnlyHint: false } }],
    ['schema', schema({ required: ['amount'] })],
    ['schema', schema({ properties: { ...base.inputSchema.properties, note: { type: 'string' } } })],
    [
      'schema',
      schema({
        properties: { amount: { type: ['number', 'string'], description: 'All of it' }, to: { enum: ['a', 'b'] } },
      }),
    ],
    ['schema', schema({ additionalProperties: { title: 'x' } })],
    ['schema', schema({ default: { description: 'a  b' } })],
    ['schema', { ...base, outputSchema: { type: 'object' } }],
    ['other', { ...base, _meta: { tags: ['y'] } }],
    ['other', { ...base, annotations: { ...base.annotations, audience: 'all' } }],
    ['other', { ...base, annotations: { ...base.annotations, readOnlyHint: 'ignore this' } }],
    ['other', { ...base, arguments: [] }],
  ])('of the %s', (part, after) => {
    expect(changes(after)).toEqual({ same: false, changed: [part] });
  });

  test('in values below a keyword that holds values, white space counts', () => {
    const value = (text: string) => schema({ const: text });
    expect(changes(value('a  b'), value('a b')).changed).toEqual(['schema']);
  });
  test('a property that is called like a keyword is a property', () => {
    const named = (list: object) => schema({ properties: { required: list, enum: { type: 'string' } } });
    expect(changes(named({ type: 'string' }), named({ type: 'number' })).changed).toEqual(['schema']);
  });
  test('in numbers that a double does not hold', () => {
    const least = (digits: string) =>
      JSON.stringify(schema({ minimum: 0 })).replace('"minimum":0', `"minimum":${digits}`);
    expect(changes(least('9007199254740993'), JSON.parse(least('9007199254740992'))).changed).toEqual(['schema']);
    expect(changes(least('1.0'), JSON.parse(least('1'))).same).toBe(true);
  });
  test('in a key __proto__', () => {
    const text = JSON.stringify(base).replace('"_meta"', '"__proto__":{"a":1},"_meta"');
    expect(changes(text).changed).toEqual(['other']);
  });
});
