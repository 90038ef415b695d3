import { hostileText } from './hostile-texts.ts'
import type { Operation } from './operations.ts'
import type { Random } from './random.ts'

/** Somebody's where keys are looked at. */
export const API_KEY = 'my-key'

/** As clients send them: mostly none, a type they would take, a coding, a tag. */
export function usualHeaders(random: Random, { answers }: Operation): readonly string[] {
  const headers: string[] = []
  if (random.chance(0.3))
    headers.push(`Accept: ${random.pick([...answers, '*/*', 'application/json, */*;q=0.1'])}`)
  if (random.chance(0.3))
    headers.push(`Accept-Encoding: ${random.pick(['gzip', 'br', 'gzip, deflate, br', 'identity'])}`)
  if (random.chance(0.1)) headers.push(`If-None-Match: ${random.pick(['*', '"x"', 'W/"x"', 'W/"x", "y"'])}`)
  if (random.chance(0.1)) headers.push('Origin: https://map.example')
  if (random.chance(0.1)) headers.push('traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
  if (random.chance(0.05)) headers.push('X-Request-Id: my-request-5')
  return headers
}

type Made = (random: Random) => string

const STRANGE: readonly Made[] = [
  (random) =>
    `Accept: ${random.pick(['', 'text/html', ';', 'a/b;q=9', ',,,', '*/*;q=0', 'application/json;q=NaN', 'x'.repeat(5000)])}`,
  (random) =>
    `Accept-Encoding: ${random.pick(['', 'identity;q=0', '*;q=0', 'gzip;q=1e9', 'br;q=-1', ';;;', 'gzip,'.repeat(900)])}`,
  (random) =>
    `If-None-Match: ${random.pick(['', '"', 'W/', '""', `"${'x'.repeat(9000)}"`, '"a" "b"', ',,'])}`,
  (random) => `If-Modified-Since: ${random.pick(['never', 'Sat, 01 Jan 2000 00:00:00 GMT'])}`,
  (random) =>
    `Range: ${random.pick(['bytes=0-0', 'bytes=-1', 'bytes=5-1', 'bytes=0-,0-,0-,0-', 'rows=1-2', 'bytes=99999999999999999999-'])}`,
  (random) =>
    `Host: ${random.pick(['', 'a b', 'x@y', '[::1', 'elsewhere', '127.0.0.1:99999', 'a'.repeat(300), 'ex\xe4mple', '../x'])}`,
  (random) =>
    `X-Forwarded-For: ${random.pick(['', '1.2.3.4', 'x, y, z', '::1', '[::1]:80', '1::2::3', 'fe80::1%\xff', '1.2.3.4:x', '1.2.3.4,'.repeat(500), 'unknown'])}`,
  (random) => `X-Forwarded-Proto: ${random.pick(['https', 'javascript', 'https,http', ''])}`,
  (random) => `X-Forwarded-Host: ${random.pick(['elsewhere', '', 'a\tb'])}`,
  (random) =>
    `X-Request-Id: ${random.pick(['', 'x'.repeat(5000), '../../x', '\xff\xfe', '{"a":1}', 'a\tb'])}`,
  (random) =>
    `traceparent: ${random.pick(['', '00-0-0-0', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`, 'ff-x', `00-${'G'.repeat(32)}-${'f'.repeat(16)}-01`])}`,
  (random) => `tracestate: ${random.pick(['a=b', '=', 'x'.repeat(3000)])}`,
  (random) => `Content-Type: ${random.pick(['', 'application/json', 'text', 'application/json; charset=x'])}`,
  (random) =>
    `Authorization: ${random.pick(['Bearer', 'Bearer x', `Bearer ${API_KEY}`, 'Basic eDp5', '\xff', 'x'.repeat(3000)])}`,
  (random) => `X-Api-Key: ${random.pick(['', 'x', API_KEY, '__proto__', 'y'.repeat(3000)])}`,
  (random) => `Origin: ${random.pick(['null', 'file://', 'https://a b', '*'])}`,
  (random) => `Access-Control-Request-Method: ${random.pick(['GET', 'DELETE', '\x80'])}`,
  (random) => `Connection: ${random.pick(['close', 'keep-alive', 'Upgrade', 'x'])}`,
  (random) => `Upgrade: ${random.pick(['websocket', 'h2c', 'HTTP/3'])}`,
  (random) => `Expect: ${random.pick(['100-continue', '200-ok'])}`,
  (random) => `Transfer-Encoding: ${random.pick(['chunked', 'gzip, chunked', 'identity', 'x'])}`,
  (random) => `Content-Length: ${random.pick(['0', '-1', '5, 5', '1e3', ' ', '99999999999999999999', '+1'])}`,
  (random) => `X-HTTP-Method-Override: ${random.pick(['DELETE', 'POST'])}`,
  (random) => `Cookie: ${'a=b; '.repeat(random.below(300))}`,
  (random) =>
    `${random.pick(['__proto__', 'constructor', 'a b', '', 'x\x00', ':', 'Ho\x80st'])}: ${random.pick(['1', ''])}`,
  (random) => `X-Text: ${Buffer.from(hostileText(random).replaceAll(/[\r\n]/g, '')).toString('latin1')}`,
]

/** One to four that are bent, or that nobody sends together. */
export const strangeHeaders = (random: Random): readonly string[] =>
  Array.from({ length: 1 + random.below(4) }, () => random.pick(STRANGE)(random))
