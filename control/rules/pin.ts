/**
 * What control/pins finds: a tool that differs from its pin, or has none. Nothing of it is looked for in a text; the rules
 * stand in the table so that their findings get a verdict, a line and a count like all others.
 */
import { type Confidence, type Rule, unwritten } from './rule.ts';

/** In the order of filter/table/layout.ts, PIN_RULE_*. Of low confidence is what honest servers do when they are updated. */
const entries: [id: string, title: string, confidence: Confidence][] = [
  ['drift.description', 'the description of a tool is not the approved one', 'low'],
  ['drift.schema', 'the schema of a tool is not the approved one', 'low'],
  ['drift.title', 'the title of a tool is not the approved one', 'low'],
  ['drift.other', 'another field of a tool is not the approved one', 'low'],
  ['drift.name', 'two tools of a list have one name and differ', 'high'],
  ['drift.added', 'a tool that its server did not have before and that nobody has approved', 'low'],
  ['pin.held', 'a tool that nobody has approved', 'high'],
];

export const pinRuleIds: readonly string[] = entries.map(([id]) => id);

export function pinRules(): Rule[] {
  return entries.map(([id, title, confidence]) => ({
    ...unwritten,
    values: [],
    id,
    title,
    risk: 'a server that was harmless when it was looked at instructs the model otherwise now',
    severity: 'high',
    confidence,
    place: id,
  }));
}
