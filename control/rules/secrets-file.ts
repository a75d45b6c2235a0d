/** The file of dlp.secrets_file: exact values, one a line. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { leastValueBytes } from './exact.ts';

/** As many as Pipelock takes. */
const mostValues = 1000;
const mostFileBytes = 2 ** 22;
/** Fewest different bytes of a value: a row of one sign is in every text. */
const leastDifferent = 4;
/** Lines at fault that are named; the rest follows when these are mended. */
const mostNamed = 20;

/** Something that is wrong with the file. Never holds a byte of it. */
export interface SecretsFileProblem {
  message: string;
  remedy: string;
}

/**
 * Reads the file: a value a line, white space round it left out, empty lines and those that begin with # too.
 * @param file an absolute path
 */
export function readSecretsFile(file: string): { values: Uint8Array[]; problems: SecretsFileProblem[] } {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return refused(`${file}: no such file`, 'write the path of a file with a secret a line');
    return refused(`${file}: ${code ?? message}`, 'let this user read it');
  }
  try {
    const { mode, size } = fstatSync(descriptor);
    if ((mode & 0o170000) !== 0o100000) return refused(`${file}: no file`, 'write the path of one');
    if (mode & 0o037)
      return refused(
        `${file}: others may read it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`,
        'chmod 600, or 640',
      );
    if (size > mostFileBytes) return refused(`${file}: over ${mostFileBytes} bytes`, 'keep to a secret a line');
    return readLines(file, readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function refused(message: string, remedy: string): { values: Uint8Array[]; problems: SecretsFileProblem[] } {
  return { values: [], problems: [{ message, remedy }] };
}

function readLines(file: string, bytes: Buffer): { values: Uint8Array[]; problems: SecretsFileProblem[] } {
  const values = new Map<string, Uint8Array>();
  const problems: SecretsFileProblem[] = [];
  // Latin-1 is one character a byte: a secret may be any bytes.
  const lines = bytes
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .split('\n');
  lines.forEach((line, i) => {
    const text = line.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
    if (text === '' || text.startsWith('#')) return;
    const complain = (message: string, remedy: string) =>
      problems.push({ message: `${file}:${i + 1}: ${message}`, remedy });
    if (text.length < leastValueBytes)
      complain(`${text.length} bytes are too few to look for`, `write ${leastValueBytes} or more, or remove the line`);
    else if (new Set(text).size < leastDifferent)
      complain(
        `fewer than ${leastDifferent} different characters`,
        'write a value that only it has, or remove the line',
      );
    else values.set(text, Buffer.from(text, 'latin1'));
  });
  if (values.size > mostValues) return refused(`${file}: ${values.size} values`, `keep to ${mostValues} at most`);
  return { values: [...values.values()], problems: problems.slice(0, mostNamed) };
}
