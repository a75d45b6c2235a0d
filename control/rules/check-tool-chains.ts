/** What is wrong with tool_chain_detection between its names: sequences, categories and overrides speak of each other. */
import * as layout from '../../filter/table/layout.ts';
import type { KeyComplaint } from '../config/explain.ts';
import type { KeyPath } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import { nearest } from '../config/suggest.ts';
import { categoryNames, ownChainNames, toolChainRuleId } from './tool-chain.ts';

/** Complaints about the sequences of a configuration, in the order of its keys. */
export function checkToolChains({ tool_chain_detection: section }: Config): KeyComplaint[] {
  return [...checkCategories(section), ...checkOverrides(section), ...checkSequences(section)];
}

type Section = Config['tool_chain_detection'];

const complain = (path: KeyPath, on: KeyComplaint['on'], rest: Pick<KeyComplaint, 'code' | 'message' | 'remedy'>) => ({
  path: ['tool_chain_detection', ...path],
  on,
  ...rest,
});

function checkCategories(section: Section): KeyComplaint[] {
  const names = categoryNames(section);
  const tooMany = names.slice(layout.MAX_CATEGORIES).map((name) =>
    complain(['tool_categories', name], 'key', {
      code: 'out-of-range',
      message: `there are ${names.length} categories with ours`,
      remedy: `keep to ${layout.MAX_CATEGORIES}`,
    }),
  );
  const globs = Object.entries(section.tool_categories).flatMap(([name, list]) =>
    list.flatMap((glob, i) =>
      /^[ !"#%&',./0-9:;<=>?@A-Z_`a-z~*$()+|-]+$/.test(glob)
        ? []
        : [
            complain(['tool_categories', name, i], 'value', {
              code: 'not-allowed',
              message:
                glob === '' ? 'the empty text is no name of a tool' : 'only * and ? stand for other characters here',
              remedy: 'write a name such as slack_*, and one entry for each',
            }),
          ],
    ),
  );
  return [...tooMany, ...globs];
}

function checkOverrides(section: Section): KeyComplaint[] {
  const known = [...ownChainNames, ...section.custom_patterns.map(({ name }) => name)];
  return Object.keys(section.pattern_overrides)
    .filter((name) => !known.includes(name))
    .map((name) =>
      complain(['pattern_overrides', name], 'key', {
        code: 'unknown-key',
        message: 'no pattern has this name',
        remedy: choose(name, known),
      }),
    );
}

function checkSequences(section: Section): KeyComplaint[] {
  const categories = categoryNames(section);
  const ids = section.custom_patterns.map(({ name }) => toolChainRuleId(name));
  const own = ownChainNames.map(toolChainRuleId);
  return section.custom_patterns.flatMap(({ sequence }, i) => {
    const id = ids[i]!;
    const found: KeyComplaint[] = [];
    const name = (code: KeyComplaint['code'], message: string, remedy: string) =>
      found.push(complain(['custom_patterns', i, 'name'], 'value', { code, message, remedy }));
    if (id === 'chain.') name('not-allowed', 'no ASCII letter and no digit', 'write some');
    else if (own.includes(id))
      name(
        'duplicate-name',
        `${id} is a rule of ours`,
        'give it another name, or set what ours does in pattern_overrides',
      );
    else if (ids.indexOf(id) < i)
      name('duplicate-name', `custom_patterns[${ids.indexOf(id)}] has this name too, as ${id}`, 'give it another');
    if (sequence.length > layout.MAX_TOOL_CHAIN_STEPS)
      found.push(
        complain(['custom_patterns', i, 'sequence'], 'value', {
          code: 'out-of-range',
          message: `${sequence.length} steps`,
          remedy: `keep to ${layout.MAX_TOOL_CHAIN_STEPS}`,
        }),
      );
    sequence.forEach((category, step) => {
      if (categories.includes(category)) return;
      found.push(
        complain(['custom_patterns', i, 'sequence', step], 'value', {
          code: 'not-allowed',
          message: `${JSON.stringify(category)} is not a category`,
          remedy: choose(category, categories, ', or name its tools in tool_categories'),
        }),
      );
    });
    return found;
  });
}

function choose(word: string, names: readonly string[], more = ''): string {
  const near = nearest(word, names);
  return near === undefined ? `write one of ${names.join(', ')}${more}` : `did you mean ${near}?`;
}
