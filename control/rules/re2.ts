/**
 * Go's regular expressions (RE2, https://github.com/google/re2/wiki/Syntax), which users of Pipelock write, in the
 * syntax of a rule's pattern. control/rules/README.md says what is taken and what is not.
 *
 * Longer than most files: one function for each construct of the syntax.
 */

/** A text outside the syntax. `offset` counts characters from its start. */
export class Re2Error extends Error {
  override name = 'Re2Error';
  readonly remedy: string;
  readonly offset: number;
  constructor(message: string, remedy: string, offset: number) {
    super(message);
    this.remedy = remedy;
    this.offset = offset;
  }
}

export interface Translated {
  pattern: string;
  /** For each character of the pattern, and its end, the offset in the text that it stands for. */
  origins: number[];
}

/** RE2's own bound on a count. */
const maxCount = 1000;

/**
 * What `^` and `$` come to: no token byte stands there. A value in JSON, a form or CSV begins in the middle of a line,
 * and would be missed by the edges of the text.
 */
const edgeBefore = '(?<![A-Za-z0-9_+/.-])';
const edgeAfter = '(?![A-Za-z0-9_+/.-])';

const posixClasses: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Translates a text. Throws Re2Error; what is wrong with the result as a pattern is for control/compile to say. */
export function fromRe2(text: string): Translated {
  return new Translator(text).translate();
}

/** Flags that hold up to the end of a group. */
interface Flags {
  ignoreCase: boolean;
  dotAll: boolean;
}

class Translator {
  readonly #text: string;
  #at = 0;
  #pattern = '';
  readonly #origins: number[] = [];
  #flags: Flags = { ignoreCase: false, dotAll: false };
  readonly #groups: { flags: Flags; start: number }[] = [];
  constructor(text: string) {
    this.#text = text;
  }

  translate(): Translated {
    while (this.#at < this.#text.length) this.#next();
    const open = this.#groups.at(-1);
    if (open) throw new Re2Error('a group without an end', 'write ) behind it, or \\( for the sign', open.start);
    this.#origins.push(this.#text.length);
    return { pattern: this.#pattern, origins: this.#origins };
  }

  /** Writes a piece of the pattern, which stands for what begins at `start`. */
  #write(piece: string, start: number): void {
    this.#pattern += piece;
    for (let i = 0; i < piece.length; i++) this.#origins.push(start);
  }

  #next(): void {
    const character = this.#text[this.#at];
    const [repeat] = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#text.slice(this.#at)) ?? [];
    if (character === '(') this.#open();
    else if (character === ')') this.#close();
    else if (character === '[') this.#class();
    else if (character === '\\') this.#escape();
    else if (character === '.') this.#take(1, this.#flags.dotAll ? '[\\s\\S]' : '[^\\n]');
    else if (character === '^') this.#take(1, edgeBefore);
    else if (character === '$') this.#take(1, edgeAfter);
    else if (character === '|') this.#take(1, '|');
    else if (repeat) this.#repeat(repeat);
    else this.#literal();
  }

  /** Writes a piece for the next `length` characters. */
  #take(length: number, piece: string): void {
    this.#write(piece, this.#at);
    this.#at += length;
  }

  /** A repeat. The longest match counts, so that a lazy one says the same. */
  #repeat(piece: string): void {
    const start = this.#at;
    if ((piece.match(/\d+/g) ?? []).some((count) => Number(count) > maxCount))
      throw new Re2Error(`a count over ${maxCount}`, 'write a smaller one, or none for no bound', start);
    this.#take(piece.length, piece);
    if (this.#text[this.#at] === '?') this.#at++;
    if (/^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.#text.slice(this.#at)))
      throw new Re2Error('a repeat of a repeat', 'put the inner one into (?:…)', this.#at);
  }

  #close(): void {
    const group = this.#groups.pop();
    if (!group) throw new Re2Error('a ) that closes nothing', 'write \\) for the sign', this.#at);
    this.#flags = group.flags;
    this.#take(1, ')');
  }

  #open(): void {
    const start = this.#at;
    const head = /^\((?:\?(?:P?<\w+>|([imsU]*)(?:-([imsU]+))?([:)])))?/.exec(this.#text.slice(start))!;
    const [whole, on = '', off = '', end] = head;
    if (whole === '(' && this.#text[start + 1] === '?') {
      const isLook = /^\(\?<?[=!]/.test(this.#text.slice(start));
      throw isLook
        ? new Re2Error(
            'it looks ahead or behind',
            'only \\b, ^ and $ may stand at the edges; RE2 has no (?=, (?!, (?<= and (?<!',
            start,
          )
        : new Re2Error('no such group', 'write (…), (?:…), (?P<name>…) or (?i)', start);
    }
    this.#at += whole.length;
    const outer = this.#flags;
    const flag = (name: string, before: boolean) => (off.includes(name) ? false : on.includes(name) || before);
    this.#flags = { ignoreCase: flag('i', outer.ignoreCase), dotAll: flag('s', outer.dotAll) };
    // (?i) holds from here to the end of the group that it stands in.
    if (end === ')') return;
    this.#groups.push({ flags: outer, start });
    this.#write('(?:', start);
  }

  #literal(): void {
    const start = this.#at;
    const character = String.fromCodePoint(this.#text.codePointAt(start)!);
    this.#at += character.length;
    this.#characters(character, start);
  }

  /** One character, by its UTF-8 bytes where it is not ASCII. */
  #characters(character: string, start: number): void {
    const bytes = Buffer.from(character);
    if (bytes.length > 1) {
      const text = [...bytes].map((byte) => `\\x${byte.toString(16)}`).join('');
      this.#write(`(?:${text})`, start);
      return;
    }
    const isFolded = /[A-Za-z]/.test(character) && this.#flags.ignoreCase;
    const text = /\w/.test(character) ? character : asciiText(character);
    this.#write(isFolded ? `[${character.toLowerCase()}${character.toUpperCase()}]` : text, start);
  }

  #escape(): void {
    const start = this.#at;
    const rest = this.#text.slice(start);
    const quoted = /^\\Q([\s\S]*?)(?:\\E|$)/.exec(rest);
    if (quoted) {
      this.#at += quoted[0].length;
      let offset = start + 2;
      for (const character of quoted[1]!) {
        this.#characters(character, offset);
        offset += character.length;
      }
      return;
    }
    const name = rest[1] ?? '';
    if (/^[dDwWsSb]$/.test(name)) {
      this.#take(2, `\\${name}`);
      return;
    }
    if (name === 'A') {
      this.#take(2, edgeBefore);
      return;
    }
    if (name === 'z') {
      this.#take(2, edgeAfter);
      return;
    }
    this.#characters(this.#escapedCharacter(), start);
  }

  /** Reads an escape that stands for one character. */
  #escapedCharacter(): string {
    const start = this.#at;
    const rest = this.#text.slice(start);
    const code = /^\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/.exec(rest);
    if (code) {
      this.#at += code[0].length;
      const value = code[3] ? Number.parseInt(code[3], 8) : Number.parseInt((code[1] ?? code[2])!, 16);
      if (value > 0x10ffff) throw new Re2Error(`${code[0]} is no character`, 'write one up to 10FFFF', start);
      return String.fromCodePoint(value);
    }
    const name = rest[1];
    if (name === undefined) throw new Re2Error('a backslash at the end', 'write \\\\ for the sign', start);
    const controls: Record<string, string> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
    if (/[A-Za-z0-9]/.test(name) && !Object.hasOwn(controls, name)) {
      const remedy = /[pP]/.test(name)
        ? 'write a class of ASCII characters, such as [A-Za-z] or [0-9]'
        : /[1-9]/.test(name)
          ? 'RE2 has no references; write the text out'
          : 'write the characters that it stands for';
      throw new Re2Error(`\\${name} is not in the syntax`, remedy, start);
    }
    const character = String.fromCodePoint(this.#text.codePointAt(start + 1)!);
    this.#at += 1 + character.length;
    return controls[name] ?? character;
  }

  #class(): void {
    const start = this.#at;
    const isNegated = this.#text[start + 1] === '^';
    this.#at += isNegated ? 2 : 1;
    this.#write(`${this.#flags.ignoreCase ? '(?i:' : ''}[${isNegated ? '^' : ''}`, start);
    const first = this.#at;
    for (;;) {
      const at = this.#at;
      const character = this.#text[at];
      if (character === undefined)
        throw new Re2Error('a class without an end', 'write ] behind it, or \\[ for the sign', start);
      if (character === ']' && at > first) break;
      this.#classPart(at);
    }
    this.#at++;
    this.#write(this.#flags.ignoreCase ? '])' : ']', start);
  }

  #classPart(at: number): void {
    const rest = this.#text.slice(at);
    const posix = /^\[:(\^?)(\w+):\]/.exec(rest);
    if (posix) {
      const members = posixClasses[posix[2]!];
      if (members === undefined)
        throw new Re2Error(`${posix[0]} is no class`, `write one of ${Object.keys(posixClasses).join(', ')}`, at);
      const negated: Record<string, string> = { digit: '\\D', space: '\\S', word: '\\W' };
      if (posix[1] === '^' && !negated[posix[2]!])
        throw new Re2Error(`${posix[0]} is not in the syntax`, 'write out what the class holds', at);
      this.#take(posix[0].length, posix[1] === '^' ? negated[posix[2]!]! : members);
      return;
    }
    if (/^\\[dDwWsS]/.test(rest)) {
      this.#take(2, rest.slice(0, 2));
      return;
    }
    // Between two characters it is a range; first or last it is itself.
    if (/^-[^\]]/.test(rest) && !/\[\^?$/.test(this.#pattern)) {
      this.#take(1, '-');
      return;
    }
    const character = rest[0] === '\\' ? this.#escapedCharacter() : String.fromCodePoint(rest.codePointAt(0)!);
    if (rest[0] !== '\\') this.#at += character.length;
    if (character > '\x7f')
      throw new Re2Error(
        `"${character}" in a class is not ASCII`,
        'write such characters as alternatives, (?:ä|ö)',
        at,
      );
    this.#write(/\w/.test(character) ? character : asciiText(character), at);
  }
}

/** An ASCII character so that it means itself in a pattern and in a class. */
function asciiText(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : `\\${character}`;
}
