import type { Complaint } from './complaint.ts';
import { quote } from './complaint.ts';

/**
 * Undefined when the text can be a regular expression in the syntax that Pipelock takes (RE2,
 * https://github.com/google/re2/wiki/Syntax), else what is wrong with it. Checks form only: it accepts everything that
 * RE2 does, and a few texts that RE2 would not.
 */
export function regexComplaint(text: string): Complaint | undefined {
  const complain = (message: string, remedy: string): Complaint => ({ code: 'bad-regex', message, remedy });
  if (/(?<!\\)(?:\\\\)*\(\?<?[=!]/.test(text)) {
    return complain(`${quote(text)} looks ahead or behind`, 'write it without (?=, (?!, (?<= and (?<!');
  }
  // What RE2 has and JavaScript lacks, put into JavaScript's words.
  const script = text
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\(\?[imsU-]+:/g, '(?:');
  try {
    new RegExp(script);
  } catch (error) {
    const reason = (error as Error).message.replace(/^.*\/: /s, '');
    return complain(`${quote(text)} is not a regular expression: ${reason.toLowerCase()}`, 'correct it');
  }
  return undefined;
}
