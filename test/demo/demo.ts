/** `npm run demo`: plays the story and prints what each side saw. Exit code 0 when it went as told. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { GatewayFailed } from '../harness/gateway.ts';
import { playStory, type Speaker, type Telling } from './story.ts';

const colours = {
  assistant: 'cyan',
  model: 'green',
  'tool server': 'green',
  gateway: 'yellow',
} as const satisfies Record<Speaker, string>;
/** Wide enough for the longest speaker's name. */
const speakerChars = 12;
/** Narrower than any terminal in use; longer texts are folded. */
const lineChars = 110;

function print(line: string): void {
  process.stdout.write(`${process.stdout.isTTY ? line : stripVTControlCharacters(line)}\n`);
}

/** Cuts a text into lines of at most `lineChars`, at spaces and commas where there are any. */
function folded(text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > lineChars) {
    const at = Math.max(rest.lastIndexOf(' ', lineChars), rest.lastIndexOf(',', lineChars));
    const end = at > lineChars / 2 ? at + 1 : lineChars;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...lines, rest];
}

let chapters = 0;
const telling: Telling = {
  chapter: (title) => {
    chapters++;
    print(`\n${styleText('bold', `${chapters}. ${title}`)}`);
  },
  says: (speaker, text) => {
    for (const [index, line] of folded(text).entries()) {
      const name = (index === 0 ? speaker : '').padEnd(speakerChars);
      print(`   ${styleText(colours[speaker], name)} ${line}`);
    }
  },
  waits: (text) => print(`${text} …`),
};

try {
  const ending = await playStory(telling);
  print(`\nThe gateway ended with exit code ${ending.exit}. Everything ran on this machine; nothing is left of it.`);
  process.exitCode = ending.exit;
} catch (error) {
  const text =
    error instanceof GatewayFailed
      ? `the gateway did not start:\n${error.stderr || error.stdout}`
      : String((error as Error).stack);
  process.stderr.write(`demo: ${text}\n`);
  process.exitCode = 1;
}
