import { expect, test } from 'vitest';
import { ConfigError, formatProblem } from './problem.ts';
import { readConfig } from './read.ts';

function problems(section: string): string[] {
  try {
    readConfig(`tls_interception: { enabled: true }\nmcp_tool_policy: ${section}\n`, 'p.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => formatProblem(problem).split('\n')[0]!);
  }
  return [];
}

const rules = (rest: string) => `rules: [{ name: a, tool_pattern: b${rest} }]`;
const profiles = 'redirect_profiles: { quiet: { exec: [/bin/true] } }';

test.each([
  `{ ${rules(', action: redirect, redirect_profile: quiet')}, ${profiles} }`,
  `{ action: redirect, ${rules(', redirect_profile: quiet')}, ${profiles} }`,
  // A rule that is on trial may keep its profile.
  `{ ${rules(', action: warn, redirect_profile: quiet')}, ${profiles} }`,
  `{ enabled: false, ${rules(', action: redirect')} }`,
])('%s is in order', (section) => {
  expect(problems(section)).toEqual([]);
});

test.each([
  [
    `{ ${rules(', action: redirect')} }`,
    'rules[0].redirect_profile: missing, and the action is redirect; name one of mcp_tool_policy.redirect_profiles',
  ],
  [
    `{ action: redirect, ${rules('')} }`,
    'rules[0].redirect_profile: missing, and the action is redirect; name one of mcp_tool_policy.redirect_profiles',
  ],
  [
    `{ ${rules(', action: redirect, redirect_profile: loud')}, ${profiles} }`,
    'rules[0].redirect_profile: no profile is called "loud"; add it to mcp_tool_policy.redirect_profiles',
  ],
  [
    `{ ${rules(', redirect_profile: quiet')}, ${profiles} }`,
    'rules[0].redirect_profile: given, and no action says to redirect; write action: redirect, or remove it',
  ],
  [
    '{ redirect_profiles: { a: { exec: [true.sh] } } }',
    'redirect_profiles.a.exec[0]: "true.sh" is not an absolute path; write where the program is, such as /opt/handlers/answer; no shell looks for it',
  ],
  [
    '{ redirect_profiles: { a: { exec: [/bin/true], preserve_argv: true } } }',
    'redirect_profiles.a.preserve_argv: it is on, and not honoured: a handler gets the call on its stdin, and its argv is exec; write false, or remove it',
  ],
])('%s is refused', (section, problem) => {
  const [first, ...more] = problems(section);
  expect(more).toEqual([]);
  expect(first).toMatch(/^p\.yaml:2:\d+: /);
  expect(first!.replace(/^p\.yaml:2:\d+: mcp_tool_policy\./, '')).toBe(problem);
});
