import { expect, test } from 'vitest'
import { requestIdOf, traceOf } from '../../src/seeing/trace-context.ts'

const headers = (given: Readonly<Record<string, string>>) => (name: string) => given[name]
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`

test('traceparent tells trace, span and whether it is sampled', () => {
  expect(traceOf(headers({ traceparent: PARENT }))).toEqual({
    traceId: TRACE,
    spanId: 'b7ad6b7169203331',
    isSampled: true,
  })
  expect(traceOf(headers({ traceparent: PARENT.replace(/01$/, '00') }))?.isSampled).toBe(false)
  expect(traceOf(headers({ traceparent: `01${PARENT.slice(2)}-more` }))?.traceId).toBe(TRACE)
})

test.each([
  '',
  'nonsense',
  `00-${TRACE}-b7ad6b7169203331`,
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `ff-${TRACE}-b7ad6b7169203331-01`,
  `${PARENT}-more`,
  PARENT.toUpperCase(),
])('traceparent %j is none', (traceparent) => {
  expect(traceOf(headers({ traceparent }))).toBeUndefined()
})

test("Google's own header tells the same, its span as a decimal number", () => {
  expect(traceOf(headers({ 'x-cloud-trace-context': `${TRACE}/255;o=1` }))).toEqual({
    traceId: TRACE,
    spanId: '00000000000000ff',
    isSampled: true,
  })
  expect(traceOf(headers({ 'x-cloud-trace-context': `${TRACE}/18446744073709551615` }))).toMatchObject({
    spanId: 'ffffffffffffffff',
    isSampled: false,
  })
  expect(traceOf(headers({ 'x-cloud-trace-context': TRACE }))).toBeUndefined()
})

test("a request's id is the client's own where it is a word, else its trace, else a new one", () => {
  const trace = traceOf(headers({ traceparent: PARENT }))
  expect(requestIdOf(headers({ 'x-request-id': 'a-b.c:1' }), trace)).toBe('a-b.c:1')
  for (const id of ['', 'two words', '<b>', 'x'.repeat(129), 'new\nline']) {
    expect(requestIdOf(headers({ 'x-request-id': id }), trace)).toBe(TRACE)
  }
  const made = [1, 2].map(() => requestIdOf(headers({}), undefined))
  expect(made[0]).toMatch(/^[\da-f-]{36}$/)
  expect(made[0]).not.toBe(made[1])
})
