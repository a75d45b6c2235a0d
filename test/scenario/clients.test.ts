// Clients that are not ours read a stream that is stopped in its middle: each ends without an error, and shows the reason as
// the last of the text. What one of them needs is installed before the scenarios (test/clients); a client that is not there
// fails its test.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clientsDirectory } from '../clients/install.ts';
import { pieces } from '../harness/answer.ts';
import { githubToken } from '../harness/secret.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const folder = join(import.meta.dirname, '../clients');
const token = githubToken();
const words = ['Here', ' it', ' is:', ' ', ...(token.match(/../g) as string[]), ' and', ' more'];

const chunk = (content: string) => ({
  ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});

const clients: { name: string; command: string; args: string[]; version: string }[] = [
  { name: 'the SDK for Node, HTTP/1.1', command: process.execPath, args: ['chat.mjs'], version: '1.1' },
  { name: 'the SDK for Python, HTTP/1.1', command: 'python3', args: ['chat.py'], version: '1.1' },
  { name: 'the SDK for Python, HTTP/2', command: 'python3', args: ['chat.py'], version: '2' },
  { name: 'Net::HTTP of Ruby', command: 'ruby', args: ['chat.rb'], version: '1.1' },
];

function run(
  command: string,
  args: string[],
  version: string,
): Promise<{ exit: number; text: string; errors: string }> {
  const directory = clientsDirectory();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        BASE_URL: 'https://api.penstock.test/v1',
        HTTPS_PROXY: stage.gateway.proxyUrl,
        HTTP_VERSION: version,
        CA_FILE: stage.gateway.caFile,
        NODE_EXTRA_CA_CERTS: stage.gateway.caFile,
        NODE_USE_ENV_PROXY: '1',
        CLIENTS: directory,
        PYTHONPATH: join(directory, 'python'),
      },
    });
    let [text, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      errors += part;
    });
    child.once('error', (error) => reject(new Error(`${command}: ${error.message}; install it (.ci/run does)`)));
    child.once('close', (exit) => resolve({ exit: exit ?? -1, text, errors }));
  });
}

test.each(clients)('$name', async ({ command, args, version }) => {
  let isClosed = false;
  stage.world.api.answer = async (answering) => {
    answering.begin(200, [['Content-Type', 'text/event-stream']]);
    for (const word of words) await answering.send(`data: ${JSON.stringify(chunk(word))}\n\n`);
    for (let turn = 0; turn < 100 && !answering.gone; turn++) await new Promise((resolve) => setTimeout(resolve, 50));
    isClosed = answering.gone;
    answering.end();
  };
  const { exit, text, errors } = await run(command, args, version);
  expect({ exit, errors }).toMatchObject({ exit: 0 });
  expect(text).toContain('Here it is: ');
  expect(text).toContain('blocked by Penstock: credential.github.token in the response body');
  expect(text).not.toContain(token.slice(0, 12));
  await expect.poll(() => isClosed, { timeout: 2_000 }).toBe(true);
});

test('a clean stream reaches the SDKs whole', async () => {
  const clean = ['Grüße', ' from', ' the', ' origin'];
  const events = [...clean.map((word) => `data: ${JSON.stringify(chunk(word))}\n\n`), 'data: [DONE]\n\n'];
  stage.world.api.answer = pieces([['Content-Type', 'text/event-stream']], events);
  for (const { command, args, version } of clients) {
    expect(await run(command, args, version)).toMatchObject({ exit: 0, text: clean.join('') });
  }
});
