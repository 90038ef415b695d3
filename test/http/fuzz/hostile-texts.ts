import type { Random } from './random.ts'

/** Whatever somebody may write in place of a value; not yet encoded. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\t',
  '\r\nX-Planted: yes',
  '\0',
  'a\0b',
  '../../../../etc/passwd',
  '..\\..\\package.json',
  'file:///etc/passwd',
  'http://127.0.0.1:1/',
  "' OR 1=1 --",
  "'; DROP TABLE granule; --",
  '1 UNION SELECT * FROM sqlite_master',
  "\"; ATTACH DATABASE 'x' AS y; --",
  '<script>alert(1)</script>',
  '{{7*7}}',
  '$' + '{jndi:ldap://127.0.0.1/x}',
  '%s%s%n',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '[object Object]',
  'null',
  'undefined',
  'true',
  '-0',
  '+1',
  '1e308',
  '-1e309',
  '1e-400',
  '0x10',
  '0b1',
  '1_000',
  '1,5',
  ' 5 ',
  '５',
  '٣',
  'NaN',
  'Infinity',
  '-Infinity',
  '9007199254740993',
  '99999999999999999999999999',
  '[]',
  '{}',
  '[[]]',
  '{"type":"Point"}',
  '"',
  "'",
  ',',
  ',,,,',
  '/',
  '../..',
  '-',
  '+',
  '#',
  '?',
  '&',
  '=',
  ';',
  '*',
  '%',
  '\u{1f6f0}',
  '\u{10ffff}',
  '\u{e0001}',
  '\u202e',
  '\ufeff',
  '\u0130\u0131\u00df\ufb03',
  'e\u0301'.repeat(20),
  '\u0000\u0001\u001f\u007f\u0080',
  '0000-00-00',
  '9999-12-31T23:59:60Z',
  '2020-02-30',
  '+275760-09-13T00:00:00Z',
  '2020-01-01/2019-01-01',
  '../..',
  '2020-07-15T10:26:02.9999999999999999999999999Z',
  '60XWG',
  '00AAA',
  'L9Z',
  '#ggg',
  '#12345',
]

/** Written as it is, since encoding it would mend it. */
const WRITTEN: readonly string[] = [
  '%',
  '%0',
  '%zz',
  '%00',
  '%0d%0aX-Planted:%20yes',
  '%ff%fe',
  '%c0%af',
  '%ed%a0%80',
  '%f4%90%80%80',
  '%e2%82',
  '%252e%252e%252f',
  '..%2f..%2f..%2fetc%2fpasswd',
  '%2e%2e/%2e%2e/package.json',
  '%u0041',
  '&&&',
  '=',
  '==',
  '[]',
  '[0]=1',
  '[__proto__]=1',
  '+',
  '%2B',
  ';x=y',
  "'%20OR%201=1--",
  '|id',
  '`id`',
  '\x80\xff',
  '\xc3\xa9',
  '\xed\xa0\x80',
]

/** A bad value as it stands in an address: bytes of latin1, without what ends an address. */
export function hostileValue(random: Random): string {
  if (random.chance(0.3)) return random.pick(WRITTEN)
  return encodeURIComponent(hostileText(random))
}

/** A bad text; it has no half of a pair of surrogates, which cannot be written. */
export function hostileText(random: Random): string {
  if (random.chance(0.05)) return longText(random)
  if (random.chance(0.15)) return strangeLetters(random)
  return random.pick(TEXTS)
}

/** 1 to 20,000 characters of one kind, and then something that fits nothing. */
const longText = (random: Random): string =>
  `${random
    .pick(['a', '9', '(', '[', '{"a":', ',', '-', '/', 'NOT ', "'", '\u{1f6f0}'])
    .repeat(Math.ceil(10 ** random.between(0, 3.3)))}!`

/** Of all planes of Unicode. */
const strangeLetters = (random: Random): string =>
  String.fromCodePoint(
    ...Array.from({ length: 1 + random.below(12) }, () => {
      const point = random.below(0x110000)
      return point >= 0xd800 && point <= 0xdfff ? 0x20ac : point
    }),
  )
