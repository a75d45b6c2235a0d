/** Texts without a secret, as clients send them: what the scanner must be fast on, and find nothing in. */
import { Seeded } from './random.ts';

const words =
  `the of and to in is you that it for was on are as with they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said an each she which do their time if will way about many
then them would write like so these her long make thing see him two has look more day could go come did my sound no most
number who over know water than call first people may down side been now find any new work part take get place made live
where after back little only round man year came show every good me give our under name very through just form much great
think say help low line before turn cause same mean differ move right boy old too does tell sentence set three want air
well also play small end put home read hand port large spell add even land here must big high such follow act why ask men
change went light kind off need house picture try us again animal point mother world near build self earth father head stand
own page should country found answer school grow study still learn plant cover food sun four thought let keep eye never last
door between city tree cross since hard start might story saw far sea draw left late run while press close night real life
account balance budget category currency transaction transfer merchant receipt invoice payment month statement forecast
savings mortgage interest salary refund subscription expense income portfolio reconcile import export schedule database
migration deployment container request response timeout configuration parameter function variable exception traceback
repository branch commit release version dependency library documentation customer support ticket meeting agenda summary`
    .split(/\s+/)
    .filter(Boolean);

const capitalised = (word: string) => word[0]!.toUpperCase() + word.slice(1);
const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const hexDigits = '0123456789abcdef';

function sentence(seeded: Seeded): string {
  const count = seeded.integer(5, 18);
  const list = Array.from({ length: count }, () => seeded.pick(words));
  if (seeded.next() < 0.25)
    list.splice(seeded.integer(1, count - 1), 0, `"${seeded.pick(words)} ${seeded.pick(words)}"`);
  if (seeded.next() < 0.2) list.splice(seeded.integer(1, count - 1), 0, detail(seeded));
  const comma = seeded.integer(2, list.length - 1);
  if (seeded.next() < 0.5) list[comma] = `${list[comma]},`;
  return `${capitalised(list.join(' '))}${seeded.pick(['.', '.', '.', '.', '?', '!', ':'])}`;
}

/** The things between words that a scanner has to look at twice. */
function detail(seeded: Seeded): string {
  const day = `2025-${String(seeded.integer(1, 12)).padStart(2, '0')}-${String(seeded.integer(1, 28)).padStart(2, '0')}`;
  const id = [8, 4, 4, 4, 12].map((length) => seeded.letters(length, hexDigits)).join('-');
  return seeded.pick([
    day,
    `${day}T${seeded.integer(10, 23)}:${seeded.integer(10, 59)}:00Z`,
    `$${seeded.integer(1, 9999)}.${seeded.integer(10, 99)}`,
    `v${seeded.integer(0, 9)}.${seeded.integer(0, 20)}.${seeded.integer(0, 30)}`,
    `https://${seeded.pick(words)}.example.com/${seeded.pick(words)}/${seeded.pick(words)}?page=${seeded.integer(1, 99)}`,
    `${seeded.pick(words)}@example.org`,
    `\`${seeded.pick(words)}_${seeded.pick(words)}\``,
    id,
    `#${seeded.integer(100, 99999)}`,
    `${seeded.pick(words)}-${seeded.pick(words)}-${seeded.pick(words)}`,
  ]);
}

function paragraph(seeded: Seeded): string {
  const kind = seeded.next();
  if (kind < 0.12) {
    return Array.from({ length: seeded.integer(2, 5) }, () => `- **${seeded.pick(words)}**: ${sentence(seeded)}`).join(
      '\n',
    );
  }
  if (kind < 0.18) return `\`\`\`ts\n${sourceLines(seeded, seeded.integer(3, 8))}\`\`\``;
  return Array.from({ length: seeded.integer(2, 6) }, () => sentence(seeded)).join(' ');
}

/** What a model writes, in paragraphs; `length` bytes. */
export function prose(length: number, seed = 1): Buffer {
  const seeded = new Seeded(seed);
  return upTo(length, () => `${paragraph(seeded)}\n\n`);
}

/** A chat-completion request of exactly `length` bytes, at least 1,000: turns of prose, some code, some tool calls. */
export function chat(length: number, seed = 1): Buffer {
  const seeded = new Seeded(seed);
  const messages: unknown[] = [{ role: 'system', content: `You are a helpful assistant. ${paragraph(seeded)}` }];
  const whole = () => JSON.stringify({ model: 'gpt-5', temperature: 0.2, stream: true, messages });
  let bytes = whole().length;
  for (let turn = 0; bytes < length; turn++) {
    const message = messageOf(seeded, turn);
    messages.push(message);
    bytes += JSON.stringify(message).length + 1;
  }
  // A last message of the length that is missing: the one too many is taken out for it.
  messages.pop();
  messages.push({ role: 'user', content: '' });
  while (whole().length > length) messages.splice(-2, 1);
  const missing = length - whole().length;
  let filler = '';
  while (filler.length < missing) filler += `${sentence(seeded).replaceAll('"', "'")} `;
  messages[messages.length - 1] = { role: 'user', content: filler.slice(0, missing) };
  return Buffer.from(whole(), 'latin1');
}

function messageOf(seeded: Seeded, turn: number): unknown {
  if (turn % 7 === 5) {
    const call = {
      query: `${seeded.pick(words)} "${seeded.pick(words)}"`,
      limit: seeded.integer(1, 100),
      since: '2025-01-01',
    };
    return {
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: `call_${seeded.letters(24, alphanumeric)}`,
          type: 'function',
          function: { name: `search_${seeded.pick(words)}`, arguments: JSON.stringify(call) },
        },
      ],
    };
  }
  const content = Array.from({ length: seeded.integer(1, 4) }, () => paragraph(seeded)).join('\n\n');
  return { role: turn % 2 === 0 ? 'user' : 'assistant', content };
}

function sourceLines(seeded: Seeded, count: number): string {
  const name = () => seeded.pick(words) + capitalised(seeded.pick(words));
  return Array.from({ length: count }, () => {
    const indent = '  '.repeat(seeded.integer(0, 3));
    return `${indent}${seeded.pick([
      () => `const ${name()} = await ${name()}.${name()}(${name()}, { ${name()}: ${seeded.integer(0, 9999)} });`,
      () => `if (${name()} !== undefined && ${name()}.length > ${seeded.integer(0, 64)}) return ${name()};`,
      () => `export function ${name()}(${name()}: string, ${name()}: number): ${capitalised(name())} {`,
      () => `// ${sentence(seeded)}`,
      () => `import { ${name()} } from '../${seeded.pick(words)}/${seeded.pick(words)}.ts';`,
      () => `for (const ${name()} of ${name()}) ${name()}.push(\`\${${name()}}/${seeded.pick(words)}\\n\`);`,
      () => `${name().toUpperCase()}_${seeded.pick(words).toUpperCase()}=${seeded.pick(words)}`,
      () => `  "integrity": "${seeded.pick(words)}", "size": ${seeded.integer(1, 1e6)},`,
      () => '}',
    ])()}\n`;
  }).join('');
}

/** Source code of `length` bytes. */
export function source(length: number): Buffer {
  const seeded = new Seeded(2);
  return upTo(length, () => sourceLines(seeded, 20));
}

/** A chat request whose messages carry pictures: base64 of random bytes with a little prose between. */
export function base64Heavy(length: number): Buffer {
  const seeded = new Seeded(3);
  return upTo(length, () => {
    const url = `data:image/png;base64,${seeded.bytes(48_000).toString('base64')}`;
    return `${JSON.stringify({
      role: 'user',
      content: [
        { type: 'text', text: sentence(seeded) },
        { type: 'image_url', image_url: { url } },
      ],
    })},`;
  });
}

/** Random bytes in hex, 64 digits a line. */
export function hex(length: number): Buffer {
  const seeded = new Seeded(4);
  return upTo(length, () => `${seeded.bytes(32).toString('hex')}\n`);
}

/** Rows of numbers: an id, a time in milliseconds, amounts and counts. */
export function numbers(length: number): Buffer {
  const seeded = new Seeded(5);
  let row = 100_000;
  return upTo(length, () => {
    const time = 1_735_689_600_000 + seeded.integer(0, 31_536_000) * 1000;
    const cells = [
      row++,
      time,
      (seeded.next() * 10_000).toFixed(2),
      seeded.integer(0, 99_999),
      seeded.next().toFixed(6),
    ];
    return `${cells.join(',')}\n`;
  });
}

function upTo(length: number, piece: () => string): Buffer {
  const pieces: string[] = [];
  for (let bytes = 0; bytes < length; ) {
    const text = piece();
    pieces.push(text);
    bytes += text.length;
  }
  return Buffer.from(pieces.join('').slice(0, length), 'latin1');
}
