import { expect, test } from 'vitest';
import { ConfigError, formatProblem } from './problem.ts';
import { readConfig } from './read.ts';

function problems(servers: Record<string, string>): string[] {
  try {
    readConfig(`tls_interception: { enabled: true }\nmcp_upstreams: ${JSON.stringify(servers)}\n`, 'p.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) =>
      formatProblem(problem)
        .split('\n')[0]!
        .replace(/^p\.yaml:2:\d+: /, ''),
    );
  }
  return [];
}

const url = 'https://files.example/mcp';

test('names and URLs that are in order', () => {
  expect(
    problems({ files: url, a: 'http://[::1]:3000', 'search-2': 'http://10.0.0.7', ['x'.repeat(63)]: url }),
  ).toEqual([]);
});

test.each(['Files', 'a/b', '-a', 'a-', '', 'a.b', 'a b', 'é', 'x'.repeat(64)])('the name %j is refused', (name) => {
  expect(problems({ [name]: url }).join()).toMatch(/is not a name that can stand in a path; write up to 63/);
});

test.each(['health', 'metrics', 'mcp'])('the name %s is taken', (name) => {
  expect(problems({ [name]: url }).join()).toContain('give the server another name');
});

test.each([
  ['ftp://a/', 'not an http or https URL'],
  ['files.example/mcp', 'not an http or https URL'],
  ['https://user:hunter@a/', 'holds a user name or password'],
  ['https://a/?key=1', 'has a query or fragment'],
])('the URL %s is refused', (text, message) => {
  const found = problems({ files: text }).join();
  expect(found).toContain(`mcp_upstreams.files: ${message}`);
  expect(found).not.toContain('hunter');
});

test('there are not more than Envoy has room for', () => {
  const servers = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`s${i}`, url]));
  expect(problems(servers)).toEqual(['mcp_upstreams: 65 servers; keep to 64']);
});
