// Patterns of the syntax that control/rules/README.md lists, and texts that nearly match them.
import fc from 'fast-check';
import type { Node } from '../../control/compile/pattern.ts';

/** Fixed characters: letters of both cases, digits, signs of tokens and others. Few, so that parts meet by chance. */
const fixed = fc.constantFrom(...'abAB01_-./+:= @"');
const fixedText = (minLength: number, maxLength: number) =>
  fc.string({ unit: fixed, minLength, maxLength }).map((text) => text.replace(/[./+]/g, '\\$&'));
const byteClass = fc.constantFrom(
  '[a-z]',
  '[A-Z]',
  '[ab01]',
  '[^a-z]',
  '[^"\\n]',
  '[0-9A-Fa-f]',
  '\\d',
  '\\w',
  '\\s',
  '[A-Za-z0-9_+/-]',
  '[-./]',
  '[^\\w]',
);
const count = fc.oneof(
  fc.constantFrom('?', '*', '+'),
  fc.nat(6).map((n) => `{${n}}`),
  fc.tuple(fc.nat(5), fc.nat(30)).map(([least, more]) => `{${least},${least + more}}`),
  fc.nat(20).map((n) => `{${n},}`),
);

const { part } = fc.letrec<{ part: string; parts: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fixedText(1, 4),
    fc.tuple(byteClass, count).map(([item, count]) => item + count),
    byteClass,
    fc.tuple(tie('parts'), count).map(([item, count]) => `(?:${item})${count}`),
    fc.array(tie('parts'), { minLength: 2, maxLength: 3 }).map((options) => `(?:${options.join('|')})`),
    tie('parts').map((parts) => `(?i:${parts})`),
  ),
  parts: fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
}));

const before = fc.constantFrom('', '', '\\b', '(?<![0-9A-Za-z_])', '(?<![a-z])', '(?<![0-9A-Za-z_.+-])');
const after = fc.constantFrom('', '', '\\b', '(?![0-9A-Za-z_])', '(?![^a-z])', '(?![-=])');
/** What the prefilter looks for: a fixed text, or the start of a number. */
const key = fc.oneof(
  { weight: 4, arbitrary: fixedText(3, 6) },
  { weight: 1, arbitrary: fixedText(3, 6).map((text) => `(?i:${text})`) },
  { weight: 1, arbitrary: fc.constantFrom('[0-9]{3}', '[01]{3}-?', '[AB]{2}[0-9]{2}') },
);

/** A pattern's text; some are outside what can be compiled. */
export const patternText: fc.Arbitrary<string> = fc
  .tuple(before, fc.array(part, { maxLength: 1 }), key, fc.array(part, { maxLength: 4 }), after)
  .map(([before, left, key, right, after]) => before + left.join('') + key + right.join('') + after);

/** Which of the ways through a pattern a text takes: numbers that are used one after the other. */
export const choices: fc.Arbitrary<number[]> = fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 60 });

/** A text that a pattern's body matches, by the choices; repeats stay short. */
export function sample(items: readonly Node[], choices: readonly number[]): Buffer {
  let at = 0;
  const choose = (below: number) => (choices[at++ % choices.length] as number) % below;
  const bytes: number[] = [];
  const write = (node: Node): void => {
    if (node.kind === 'bytes') {
      const list = [...node.set.keys()].filter((byte) => node.set[byte] === 1);
      // Printable ones where there are any: texts are mostly that.
      const printable = list.filter((byte) => byte >= 32 && byte < 127 && byte !== 0x5c && byte !== 0x25);
      const from = printable.length > 0 ? printable : list;
      if (from.length > 0) bytes.push(from[choose(from.length)] as number);
    } else if (node.kind === 'sequence') node.items.forEach(write);
    else if (node.kind === 'choice') write(node.options[choose(node.options.length)] as Node);
    else {
      const count = node.least + choose(Math.min(node.most - node.least, 4) + 1);
      for (let i = 0; i < count && bytes.length < 400; i++) write(node.item);
    }
  };
  items.forEach(write);
  return Buffer.from(bytes);
}
