/** Text of a stranger on a terminal: what cannot be seen is written out, so that nothing hides and nothing moves the cursor. */

/** Control, format, separator, unassigned and private characters, and the blanks and fillers that look like nothing. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;
/** Words of Latin letters and such that look like them. */
const mixed =
  /[\p{L}\p{M}]*(?:\p{Script=Latin}[\p{Script=Cyrillic}\p{Script=Greek}]|[\p{Script=Cyrillic}\p{Script=Greek}]\p{Script=Latin})[\p{L}\p{M}]*/gu;
const lookAlike = /[\p{Script=Cyrillic}\p{Script=Greek}]/gu;

/** What a text is drawn with: nothing, or the codes of a terminal. */
export interface Style {
  removed(text: string): string;
  added(text: string): string;
  /** The words of a line that have changed. */
  strong(text: string): string;
  /** A character that is written out. */
  warning(text: string): string;
  quiet(text: string): string;
}

const plainly = (text: string) => text;
export const plain: Style = { removed: plainly, added: plainly, strong: plainly, warning: plainly, quiet: plainly };

/** A code and its end. Ends are given one by one, since a reset would end the line's colour with the word's. */
const code = (start: number, end: number) => (text: string) => `\x1b[${start}m${text}\x1b[${end}m`;
export const coloured: Style = {
  removed: code(31, 39),
  added: code(32, 39),
  strong: code(7, 27),
  warning: code(45, 49),
  quiet: code(2, 22),
};

/** A text in which every character can be seen: U+200B is ⟨U+200B⟩, a Cyrillic letter in a Latin word has its code behind it. */
export function visible(text: string): string {
  return text.replace(mixed, (word) => word.replace(lookAlike, (c) => c + nameOf(c))).replace(unseen, nameOf);
}

function nameOf(c: string): string {
  return `⟨U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** Marks the characters that `visible` has written out. */
export function markUnseen(text: string, style: Style): string {
  return text.replace(/⟨U\+[0-9A-F]{4,6}⟩/g, (name) => style.warning(name));
}
