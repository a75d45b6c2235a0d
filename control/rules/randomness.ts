/**
 * Whether a value looks made by a machine or chosen as a password, rather than written as an example or a word.
 * Reference: the filter's own (filter/finding) must agree with it, word lists included.
 */

/**
 * The value is the end of the hit: its last letters, digits and `_+/.~!@#%^&*-`, without the padding of base64.
 * @returns true if it holds a letter and a digit and eight different bytes, is not masked, no words, and does not count
 */
export function random(text: string): boolean {
  const value = assignedValue(text);
  if (!/[A-Za-z]/.test(value) || !/[0-9]/.test(value) || masked(value)) return false;
  return new Set(value).size >= 8 && !counts(value) && !isWords(value) && !holds(value, sampleWords);
}

/**
 * The same for a value that only its name makes a secret, where the hit begins in the name.
 * @param before the text before the hit
 * @returns true if the value is also no UUID, and its name does not speak of something public
 */
export function namedRandom(text: string, before = ''): boolean {
  return random(text) && !uuid.test(assignedValue(text)) && !isHarmless(text, before);
}

function assignedValue(text: string): string {
  return /[A-Za-z0-9_+/.~!@#%^&*-]*(?=={0,2}$)/.exec(text)?.[0] ?? '';
}

/** Whether a value was made unreadable: a row of the same x, sign or zero. */
export function masked(text: string): boolean {
  return /x{8}|X{8}|\*{8}|#{8}|\.{8}|0{12}/.test(text);
}

/**
 * Whether a value counts, as abc123, a1b2c3 and 1234567 do: an example counts, a random value seldom does. A third of its
 * bytes follow their neighbour, or stand one above or below the byte before that, or seven in a row go up.
 */
function counts(value: string): boolean {
  let steps = 0;
  let alternate = 0;
  let row = 0;
  for (let at = 1; at < value.length; at++) {
    const byte = value.charCodeAt(at);
    const isStep = byte === value.charCodeAt(at - 1) + 1;
    row = isStep ? row + 1 : 0;
    if (row === 6) return true;
    if (isStep) steps++;
    if (at > 1 && Math.abs(byte - value.charCodeAt(at - 2)) === 1) alternate++;
  }
  return steps * 3 >= value.length || alternate * 3 >= value.length;
}

const uuid = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/**
 * For each letter from a to z those that often follow it in words: the 200 commonest pairs, 89 in a hundred of those in
 * English and technical text, and 30 in a hundred of those in random letters.
 */
const followers =
  'bcdgilmnprstuvy aeiloru acehiklortu adeiosu abcdefglmnprstvx aefilo ehinrsu aeiort abcdefglmnoprstvz  ei adeilostuy aeimop acdeginost bcdglmnoprstuvw aeiloprtu u acdegikmnorstuy acehiopstu aehiorstuy abceilmnprst aei aei p p '.split(
    ' ',
  );

/** Whether four of five pairs of letters are ones of words, and these begin at two of five bytes, eight at least. */
function isWords(value: string): boolean {
  const lower = value.toLowerCase();
  let pairs = 0;
  let common = 0;
  for (let at = 0; at + 1 < lower.length; at++) {
    const letter = lower.charCodeAt(at) - 97;
    const next = lower[at + 1]!;
    if (letter < 0 || letter > 25 || next < 'a' || next > 'z') continue;
    pairs++;
    if (followers[letter]?.includes(next)) common++;
  }
  return common >= 8 && common * 5 >= pairs * 4 && common * 5 >= value.length * 2;
}

/** Words of values that stand for one in documentation. */
const sampleWords = ' example your placeholder changeme change-me change_me redacted dummy sample '.trim().split(' ');

/** What a name holds, or ends with, whose value is no secret. */
const publicWords = ' public csrf xsrf authenticity '.trim().split(' ');
const harmlessEnds =
  ' name names url uri file path hash sha256 checksum fingerprint digest id ids length size type ref arn version store index label count endpoint selector format algorithm provider prefix suffix pattern header field param '
    .trim()
    .split(' ');

function isHarmless(text: string, before: string): boolean {
  const left = /[A-Za-z0-9_.-]{0,48}$/.exec(before)?.[0] ?? '';
  const name = (left + (/^[A-Za-z0-9_.-]*/.exec(text)?.[0] ?? '')).toLowerCase();
  return holds(name, publicWords) || harmlessEnds.some((end) => name.endsWith(end));
}

function holds(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return words.some((word) => lower.includes(word));
}

/** Passwords that stand for one in documentation and forms, or say something of one. */
const placeholders = new Set(
  ' pass passwd password passwords passphrase pwd secret my_password my-password yourpassword user_password userpassword newpassword string text number boolean hidden none null nil undefined true false required optional empty invalid incorrect wrong missing weak strong valid expired changed reset unset not-set not_set notset default unknown token value email username login confirm plain encrypted hashed '
    .trim()
    .split(' '),
);

/** Parts of texts that are filled in, and of addresses. */
const fillings = [...sampleWords, '${', '{{', '$(', '#{', '&lt;', '://', 'arn:'];

/**
 * Whether a password, at the end of the hit and perhaps quoted, is more than a word that stands for one: of four
 * different bytes, not masked, not filled in later, no path, no text about passwords.
 */
export function password(text: string): boolean {
  return isPassword(passwordOf(text));
}

/** The same for one that no quotes tell from words: it holds a letter, a digit and six different bytes. */
export function mixedPassword(text: string): boolean {
  const value = passwordOf(text);
  return isPassword(value) && /[A-Za-z]/.test(value) && /[0-9]/.test(value) && new Set(value).size >= 6;
}

function passwordOf(text: string): string {
  const quoted = /(["'`])((?:(?!\1)[\s\S])*)\1$/.exec(text);
  return quoted ? quoted[2]! : (/[^ \t-\r"'`=:,>|;]*(?=;?$)/.exec(text)?.[0] ?? '');
}

function isPassword(value: string): boolean {
  const lower = value.toLowerCase();
  if (new Set(value).size < 4 || masked(value) || placeholders.has(lower) || holds(value, fillings)) return false;
  if (/^(?:\$[A-Za-z_]|\/|\.)|[: \t-\r]$|^%.*%$/.test(value)) return false;
  // `Enter your password`, `password_hash`, `#password`: names and labels.
  return !(/password/.test(lower) && /[^A-Za-z0-9]/.test(value) && !/[0-9]/.test(value));
}

/** Whether the password of an address, `scheme://user:password@host`, is more than the word that stands for one. */
export function urlPassword(text: string): boolean {
  const value = /:([^:@/]*)@[^@]*$/.exec(text)?.[1] ?? '';
  return !urlPlaceholders.has(value.toLowerCase()) && !masked(value);
}

const urlPlaceholders = new Set(
  ' pass passwd password pwd mypassword yourpassword your_password your-password '.trim().split(' '),
);
