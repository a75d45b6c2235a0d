import { expect, test } from 'vitest';
import { assignmentPattern } from './assignment.ts';
import { patternRegExp } from './regexp.ts';

const value = ['k7Qm2Xv9', 'Rk4Tz0Lc8Wn3'].join('');
const expression = patternRegExp(assignmentPattern('acme[_-]?key', '[A-Za-z0-9]{20}'));

test.each([
  'ACME_KEY=V',
  'export acme_key = V',
  'acme-key: V',
  '"acmeKey": "V"',
  "acmeKey := 'V'",
  'ACME_KEY ?= "V"',
  'ACME_KEY ::= "V"',
  "'acme_key' => 'V'",
  '$acmeKey .= "V"',
  'acme_key || "V"',
  'var acmeKey string = "V"',
  'config["acme_key"] = "V"',
  'setProperty("ACME_KEY", "V")',
  '<acmeKey>\n    V\n</acmeKey>',
  '<add key="AcmeKey" value="V"/>',
  '<key>AcmeKey</key>\n\t<string>V</string>',
  '<name>acme-key</name><value>V</value>',
  '- name: ACME_KEY\n  value: "V"',
  'variable "acme_key" {\n  default = "V"\n}',
])('gives a name its value: %s', (form) => {
  expect(expression.test(form.replace('V', value))).toBe(true);
});

test.each([
  'acme_key V',
  'acme_key is V',
  'acme_keys = V',
  'acme_key = read(V)',
  'acme_key\n\nand then V',
  '<add key="AcmeKey" other="V"/>',
])('gives a name no value: %s', (form) => {
  expect(expression.test(form.replace('V', value))).toBe(false);
});
