import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveRows } from '../../serve.ts'
import { failureOf, ROWS } from './stac-client.ts'

let served: Served
beforeAll(async () => {
  served = await serveRows(ROWS.slice(0, 2))
})
afterAll(() => served.close())

const members = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"${i.toString(36)}":1`).join()}}`
const endless = 'ab'.repeat(1.9e6)

/** Milliseconds of the only thread that requests run in, whatever else the machine does; sending included. */
async function cpuOf(body: string) {
  const headers = { 'content-type': 'application/json' }
  const before = process.threadCpuUsage()
  const { status, description } = await failureOf(
    fetch(`${served.url}/stac/search`, { method: 'POST', headers, body }),
  )
  const { user, system } = process.threadCpuUsage(before)
  return { status, description, took: (user + system) / 1000 }
}

test.for([
  ['members by the hundred thousand', members(400_000), 413],
  ['as many members as it takes', members(150_000), 400],
  ['a query of as many', `{"query":${members(150_000)}}`, 400],
  ['a filter of as many', `{"filter":${members(150_000)}}`, 400],
  ['an area of as many', `{"intersects":${members(150_000)}}`, 400],
  ['fields of as many', `{"fields":${members(150_000)}}`, 400],
  ['lists by the million', `{"ids":[${'[],'.repeat(1.3e6)}1]}`, 413],
  ['numbers by the million', `{"bbox":[${'1,'.repeat(1.9e6)}1]}`, 400],
  ['an endless filter-lang', `{"filter":"a","filter-lang":"${endless}"}`, 400],
  ['an endless dedupe', `{"dedupe":"${endless}"}`, 400],
  ['an endless format', `{"format":"${endless}"}`, 400],
  ['an endless operator', `{"query":{"eo:cloud_cover":{"${endless}":1}}}`, 400],
] as const)('%s in a body keep others waiting but for a moment', async ([, body, status]) => {
  const told = await cpuOf(body)
  console.log(
    `${body.slice(0, 30)}… of ${(body.length / 2 ** 20).toFixed(1)} MiB: ${told.took.toFixed(0)} ms`,
  )
  expect(told.status).toBe(status)
  expect(told.description.length).toBeLessThan(1000)
  expect(told.took).toBeLessThan(400)
})
