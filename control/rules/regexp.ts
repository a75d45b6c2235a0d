/**
 * A pattern as a JavaScript RegExp: the reference that the compiled tables are checked against.
 *
 * Groups without case, `(?i:…)`, are written out as classes of both cases. V8 knows them too, but misses some matches:
 * in Node 24.21 `(?i:(?:a_(?:b)?c|d)_(?:e|f)?_?g)` does not find `A_BC_E_G`, while the same with the flag `i` does.
 * @param flags such as `g`; the pattern is over bytes, so `u` and `v` have no use
 */
export function patternRegExp(pattern: string, flags = ''): RegExp {
  return new RegExp(withBothCases(pattern), flags);
}

/** An escape, the opening of a group, a range or a letter, a bracket, or any other character. */
const piece = /\\[\s\S]|\(\?i:|\(|\)|\[\^?|\]|[A-Za-z]-[A-Za-z]|[\s\S]/g;

function withBothCases(pattern: string): string {
  let written = '';
  let inClass = false;
  const groupsWithoutCase: boolean[] = [];
  for (const [text] of pattern.matchAll(piece)) {
    const withoutCase = groupsWithoutCase.at(-1) ?? false;
    if (inClass) {
      if (text === ']') inClass = false;
      written += withoutCase && /^[A-Za-z]/.test(text) ? text.toLowerCase() + text.toUpperCase() : text;
    } else if (text === '(?i:' || text === '(') {
      groupsWithoutCase.push(withoutCase || text === '(?i:');
      written += text === '(' ? text : '(?:';
    } else if (text === ')') {
      groupsWithoutCase.pop();
      written += text;
    } else if (text === '[' || text === '[^') {
      inClass = true;
      written += text;
    } else if (withoutCase && text[0] !== '\\') {
      written += text.replace(/[A-Za-z]/g, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
    } else {
      written += text;
    }
  }
  return written;
}
