/**
 * Whether a value looks made by a machine or chosen as a password, rather than written as an example or a word.
 * Reference: the filter's own (filter/finding) must agree with it.
 *
 * The value is the end of the hit: its last letters, digits and `_+/.~!@#%^&*-`, without the padding of base64.
 * @returns true if it holds a letter and a digit and eight different bytes, is not masked, and does not count up
 */
export function random(text: string): boolean {
  const value = /[A-Za-z0-9_+/.~!@#%^&*-]*(?=={0,2}$)/.exec(text)?.[0] ?? '';
  if (!/[A-Za-z]/.test(value) || !/[0-9]/.test(value) || masked(value)) return false;
  return new Set(value).size >= 8 && stepsUp(value) * 3 < value.length;
}

/** Whether a value was made unreadable: a row of the same x, sign or zero. */
export function masked(text: string): boolean {
  return /x{8}|X{8}|\*{8}|#{8}|\.{8}|0{12}/.test(text);
}

/** Neighbours of which the second follows the first, as in abc123: an example counts up, a random value seldom does. */
function stepsUp(value: string): number {
  let steps = 0;
  for (let at = 1; at < value.length; at++) if (value.charCodeAt(at) === value.charCodeAt(at - 1) + 1) steps++;
  return steps;
}

/** Passwords that stand for one in documentation. */
const placeholders = new Set([
  'pass',
  'passwd',
  'password',
  'pwd',
  'mypassword',
  'yourpassword',
  'your_password',
  'your-password',
]);

/** Whether the password of an address, `scheme://user:password@host`, is more than the word that stands for one. */
export function urlPassword(text: string): boolean {
  const password = /:([^:@/]*)@[^@]*$/.exec(text)?.[1] ?? '';
  return !placeholders.has(password.toLowerCase()) && !masked(password);
}
