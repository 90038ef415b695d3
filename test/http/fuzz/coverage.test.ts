import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createApp } from '../../../src/http/app.ts'
import { openApiDocument } from '../../../src/http/openapi/document.ts'
import { openHouse } from '../../../src/wire.ts'
import { temporaryFolder } from '../../temporary.ts'
import { type Asked, askedOf, UNTOLD } from './asked.ts'
import type { Known } from './known.ts'
import { nameOf, operationsOf } from './operations.ts'
import { repeated } from './repeated.ts'
import { bytesOf, readAnswer } from './wire.ts'

/* What is generated, without a service: nothing that the service has may be missing from it. */

const REQUESTS = 10_000
/** Of 10,000. */
const LEAST = 12

const operations = operationsOf(JSON.parse(JSON.stringify(openApiDocument('http://127.0.0.1:8080'))))
const known: Known = {
  granules: ['L1C_T33UUB_A017537_20200715T102602'],
  items: ['S2B_MSIL1C_20200715T102559_N0209_R065_T33UUB_20200715T124358'],
  properties: ['eo:cloud_cover', 'datetime'],
  pages: [
    { path: '/area', query: ['bbox=11,54,15,57'], token: Buffer.from('["x",1]').toString('base64url') },
  ],
}
const all = Array.from({ length: REQUESTS }, (_, n) => askedOf('coverage', n, operations, known))

function counts(namesOf: (asked: Asked) => readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const asked of all) for (const name of namesOf(asked)) found.set(name, (found.get(name) ?? 0) + 1)
  return found
}

describe('what is generated', () => {
  test('covers every operation of the document and each of its parameters and members', () => {
    const covered = counts(({ covers }) => covers)
    const wanted = operations.flatMap((operation) => {
      const members = operation.posted.flatMap(({ schema }) => Object.keys(schema.properties ?? {}))
      const ofBody = members.includes('collections') ? members : []
      const names = [...operation.parameters.map(({ name }) => name), ...ofBody]
      return [nameOf(operation), ...names.map((name) => `${nameOf(operation)} ${name}`)]
    })
    expect(wanted.length).toBeGreaterThan(200)
    expect(wanted.filter((name) => (covered.get(name) ?? 0) < LEAST)).toEqual([])
  })

  test('covers every route that the app has', async () => {
    const folder = await temporaryFolder()
    const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${folder.path}/store.sqlite` }))
    const routes = createApp(house).routes.filter(({ method }) => method !== 'ALL')
    await house.close()
    await folder.remove()
    const covered = counts(({ covers }) => covers)
    const missing = routes.filter(({ method, path }) => {
      const name = path in UNTOLD ? path : `${method} ${documented(path)}`
      return (covered.get(name) ?? 0) < LEAST
    })
    expect(routes.length).toBeGreaterThan(operations.length)
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([])
    expect(Object.keys(UNTOLD).filter((path) => !routes.some((route) => route.path === path))).toEqual([])
  })

  test('is sent by many methods, and some of it in chunks, encoded and at great length', () => {
    const methods = counts(({ method }) => [method])
    for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'BREW']) {
      expect(methods.get(method), method).toBeGreaterThanOrEqual(LEAST)
    }
    const having = (is: (asked: Asked) => unknown) => all.filter(is).length
    expect(having(({ body }) => body?.framing === 'chunked')).toBeGreaterThan(LEAST)
    expect(having(({ body }) => body?.encoding !== undefined)).toBeGreaterThan(LEAST)
    expect(having((asked) => bytesOf(asked, 1).length > 5000)).toBeGreaterThan(LEAST)
    expect(having(({ isBent }) => isBent)).toBeGreaterThan(REQUESTS / 20)
    expect(having(({ query }) => query.some((piece) => piece.includes('%00')))).toBeGreaterThan(LEAST)
  })

  test('is the same for the same seed, and another for another', () => {
    const bytes = (seed: string) =>
      Array.from({ length: 200 }, (_, n) =>
        bytesOf(askedOf(seed, n, operations, known), 1).toString('latin1'),
      )
    expect(bytes('a')).toEqual(bytes('a'))
    expect(bytes('a')).not.toEqual(bytes('b'))
  })

  test('can be sent again by a line of the shell', () => {
    const lines = all.map((asked) => repeated(asked, bytesOf(asked, 8080), 8080))
    expect(lines.filter((line) => line.startsWith('curl ')).length).toBeGreaterThan(REQUESTS / 2)
    expect(lines.filter((line) => !/^(?:curl|printf) \P{Cc}+$/u.test(line))).toEqual([])
  })
})

test('an answer is read to its end, and no further', () => {
  const read = (text: string, isHead = false, isEnd = false) => readAnswer(Buffer.from(text), isHead, isEnd)
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc')).toBeUndefined()
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')).toMatchObject({
    status: 200,
    body: Buffer.from('abc'),
  })
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd')?.status).toBeNaN()
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', true)?.status).toBe(200)
  expect(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')).toBeUndefined()
  expect(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')?.body).toEqual(
    Buffer.from('abc'),
  )
  expect(read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n')?.status).toBe(304)
})

/** A path of Hono's as the document writes it. */
const documented = (path: string): string =>
  path
    .replace(/\/preview\.\w+$/, '/preview.{type}')
    .replaceAll(/:(\w+)(\{.*\})?/g, (_, name: string) => `{${name === 'granuleId' ? 'granule_id' : name}}`)
