import { describe, expect, it } from 'vitest';
import { field, fill, list, resource, takeOut } from './field.ts';

const tree = () => ({
  a: [
    { name: 'x', v: { 'k.d': 1 } },
    { upgrade_type: 'CONNECT', v: 2 },
  ],
  n: null,
});

describe('field', () => {
  it('finds by key, by name, by place and by a key that holds dots', () => {
    expect(field(tree(), 'a[x].v["k.d"]')).toBe(1);
    expect(field(tree(), 'a[CONNECT].v')).toBe(2);
    expect(field(tree(), 'a[1].v')).toBe(2);
    expect(field(tree(), 'n')).toBeNull();
  });

  it('says which step leads nowhere', () => {
    expect(() => field(tree(), 'a[y].v')).toThrow('a[y].v: nothing is at y');
    expect(() => field(tree(), 'a[x].w')).toThrow('a[x].w: nothing is at w');
  });

  it('fills only what is there', () => {
    const t = tree();
    fill(t, 'a[x].v', 7);
    fill(t, 'a[CONNECT]', { name: 'y' });
    expect(t.a).toEqual([{ name: 'x', v: 7 }, { name: 'y' }]);
    expect(() => fill(t, 'a[x].w', 1)).toThrow('nothing is at w');
  });

  it('takes members out by name, and wants them there', () => {
    const t = tree();
    takeOut(t, 'a', 'x');
    expect(t.a).toHaveLength(1);
    expect(() => takeOut(t, 'a', 'x')).toThrow('nothing is at x');
  });

  it('wants the kind it is asked for', () => {
    expect(() => resource(tree(), 'a')).toThrow('is not a mapping');
    expect(() => list(tree(), 'a[x]')).toThrow('is not a list');
  });
});
