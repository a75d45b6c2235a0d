import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { secretsInEnvironment } from './environment.ts';
import { readSecretsFile } from './secrets-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-secrets-'));
  file = join(folder, 'secrets.txt');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function read(content: string | Uint8Array, mode = 0o600): { values: string[]; problems: string[] } {
  rmSync(file, { force: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return shown();
}

function shown(): { values: string[]; problems: string[] } {
  const { values, problems } = readSecretsFile(file);
  return {
    values: values.map((value) => Buffer.from(value).toString('latin1')),
    problems: problems.map(({ message, remedy }) => `${message}; ${remedy}`.replaceAll(folder, '')),
  };
}

test('a value a line, without comments, empty lines, white space round it and doubles', () => {
  const text = '\ufeff# comment\n\n  one-value-1 \r\ntwo values # 2\none-value-1\nlast-line';
  expect(read(text)).toEqual({ values: ['one-value-1', 'two values # 2', 'last-line'], problems: [] });
  expect(read('')).toEqual({ values: [], problems: [] });
  const bytes = Buffer.from([200, 0, 255, 1, 2, 3, 4, 5, 6]);
  expect(read(bytes).values).toEqual([bytes.toString('latin1')]);
});

test('lines that cannot be looked for are named, and not shown', () => {
  expect(read('fine-value\n1234567\naaaaaaabbbccc').problems).toEqual([
    '/secrets.txt:2: 7 bytes are too few to look for; write 8 or more, or remove the line',
    '/secrets.txt:3: fewer than 4 different characters; write a value that only it has, or remove the line',
  ]);
  const many = Array.from({ length: 1001 }, (_, i) => `value-${i}-of-many`).join('\n');
  expect(read(many).problems).toEqual(['/secrets.txt: 1001 values; keep to 1000 at most']);
  expect(read(many.slice(0, many.lastIndexOf('\n'))).values).toHaveLength(1000);
});

test('a file that others may read, or that is none, is refused', () => {
  for (const mode of [0o644, 0o604, 0o660, 0o601])
    expect(read('fine-value', mode).problems[0]).toMatch(
      /^\/secrets\.txt: others may read it \(mode 06[0-6][0-4]\); chmod 600/,
    );
  expect(read('fine-value', 0o640).values).toEqual(['fine-value']);
  rmSync(file);
  expect(shown().problems).toEqual(['/secrets.txt: no such file; write the path of a file with a secret a line']);
  file = folder;
  chmodSync(folder, 0o700);
  expect(shown().problems[0]).toMatch(/no file/);
});

/** Names whose value is looked for. */
function lookedFor(env: Record<string, string>, leastBytes = 16): string[] {
  const values = new Set(secretsInEnvironment(env, leastBytes).map((value) => Buffer.from(value).toString()));
  return Object.keys(env).filter((name) => values.has(env[name]!));
}

const drawn = ['fQ8zLr2V', 'kX5nTb7W'].join('');

test('variables that are named as secrets are, where the value may be one', () => {
  const secret = {
    DB_PASSWORD: drawn,
    STRIPE_API_KEY: drawn.toLowerCase(),
    SECRET_KEY_BASE: ['0f1e2d3c4b5a', '69788796a5b4'].join(''),
    githubToken: `x${drawn}`,
    SMTP_PASS: 'correct horse battery, staple',
    OLD_TOKEN_2: `y${drawn}`,
    SESSION: `z${drawn}`,
  };
  const none = {
    HOME: '/home/somebody-else',
    PATH: `/usr/local/bin:/opt/${drawn}`,
    LC_PASSWORD: drawn.split('').reverse().join(''),
    SSH_AUTH_SOCK: '/tmp/ssh-XXXXk3jh4/agent.4711',
    TOKEN_FILE: '/var/run/secrets/token-file',
    API_KEY: 'aaaaaaaaaaaaaaaaaaaa',
    CLIENT_SECRET: 'my-app-database-credentials',
    HOSTNAME: 'penstock-7d9f8b6c5-x2x4z',
    GIT_COMMIT: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    INSTANCE: '123e4567-e89b-12d3-a456-426614174000',
    BUILD_URL: 'https://ci.example.com/job/Build42/Run7',
    LS_COLORS: 'rs=0:di=01;34:ln=01;36:mh=00:pi=40',
    SHORT_TOKEN: 'aB3dE5fG',
  };
  expect(lookedFor({ ...secret, ...none })).toEqual(Object.keys(secret));
  expect(lookedFor({ SHORT_TOKEN: 'aB3dE5fG1', TINY_KEY: 'aB3d' }, 1)).toEqual(['SHORT_TOKEN']);
});

test('of an address with a password the password is looked for', () => {
  const url = ['postgres://app', `:${drawn}@`, 'db.example:5432/app'].join('');
  expect(secretsInEnvironment({ DATABASE_URL: url }, 16).map(String)).toEqual([String(Buffer.from(drawn))]);
  expect(secretsInEnvironment({ DATABASE_URL: ['postgres://app', ':short@', 'db.example/app'].join('') }, 16)).toEqual(
    [],
  );
});
