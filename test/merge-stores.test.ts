import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mergeStores } from '../src/merge-stores.ts'
import { sqliteMerge as merge } from '../src/store/merge.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from './store/colour-samples.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const path = (name: string) => join(folder.path, name)
const MERGER = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const LAYOUT = { first: 100, lengths: [20, 30], most: [40] }
const listed = (n: number) => `tiles/${n}/`

/** A store of the colours, listings and layouts of some numbers. */
async function makeStore(name: string, numbers: readonly number[], method = 1): Promise<string> {
  const store = sqliteStore(path(name), { method })
  const [colours, listings, layouts] = [
    store.colours('gs://a'),
    store.listings('gs://a'),
    store.layouts('gs://a'),
  ]
  await Promise.all(
    numbers.map((n) => {
      listings.put(listed(n), '', [{ kind: 'object', key: `${listed(n)}x.jp2`, size: n }])
      layouts.put(`${listed(n)}x.jp2`, 1000 + n, LAYOUT)
      return colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n * method))
    }),
  )
  await sleep(50)
  store.close()
  return path(name)
}

/** What a store holds of some numbers, and how many rows in all. */
function contentOf(name: string, numbers: readonly number[], method = 1) {
  const store = sqliteStore(path(name), { method })
  const [colours, listings, layouts] = [
    store.colours('gs://a'),
    store.listings('gs://a'),
    store.layouts('gs://a'),
  ]
  const content = {
    colours: numbers.filter((n) => colours.get(granuleOf(n), STRIDE_16)?.sampled === 471_969 + n * method),
    listings: numbers.filter((n) => listings.get(listed(n), '')?.length === 1),
    layouts: numbers.filter((n) => layouts.get(`${listed(n)}x.jp2`, 1000 + n)?.first === 100),
    state: store.state(),
  }
  store.close()
  return content
}

/** All rows of all tables, to tell two stores apart. */
function rowsOf(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true })
  const tables = ['colour', 'listing', 'tile_part_layout', 'tally']
  const rows = tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all())
  db.close()
  return JSON.stringify(rows)
}

const range = (from: number, until: number) => Array.from({ length: until - from }, (_, i) => from + i)

test('a merged store holds what each of them held, once, and is made where there is none', async () => {
  const from = [
    await makeStore('a', range(0, 300)),
    await makeStore('b', range(200, 500)),
    await makeStore('c', []),
  ]
  const before = from.map(rowsOf)
  const reports = await mergeStores({ merge, into: path('deep/into'), from })
  expect(
    reports.map(({ colours, listings, layouts }) => [colours.taken, listings.taken, layouts.taken]),
  ).toEqual([
    [300, 300, 300],
    [200, 200, 200],
    [0, 0, 0],
  ])
  const all = range(0, 500)
  expect(contentOf('deep/into', all)).toMatchObject({ colours: all, listings: all, layouts: all })
  expect(contentOf('deep/into', all).state).toMatchObject({ colours: 500, listings: 500, failed: 0 })
  expect(from.map(rowsOf)).toEqual(before)
})

test('a second merge takes nothing and changes nothing', async () => {
  const from = [await makeStore('a', range(0, 50)), await makeStore('b', range(30, 90), 2)]
  await mergeStores({ merge, into: path('into'), from })
  const before = rowsOf(path('into'))
  const reports = await mergeStores({ merge, into: path('into'), from })
  expect(
    reports.flatMap(({ colours, listings, layouts }) => [colours.taken, listings.taken, layouts.taken]),
  ).toEqual(Array(6).fill(0))
  expect(rowsOf(path('into'))).toBe(before)
})

test('of two methods the newer one stays, whichever is merged first, and the tally is right', async () => {
  const old = await makeStore('old', range(0, 60))
  const young = await makeStore('young', range(40, 100), 2)
  await mergeStores({ merge, into: path('one'), from: [old, young] })
  await mergeStores({ merge, into: path('other'), from: [young, old] })
  expect(rowsOf(path('one'))).toBe(rowsOf(path('other')))
  for (const name of ['one', 'other']) {
    expect(contentOf(name, range(0, 100)).colours).toEqual(range(0, 40))
    expect(contentOf(name, range(0, 100), 2).colours).toEqual(range(40, 100))
    expect(contentOf(name, []).state).toMatchObject({ colours: 100, listings: 100 })
  }
})

test('pages of thousands of rows leave none out', async () => {
  const numbers = range(0, 4321)
  await mergeStores({ merge, into: path('into'), from: [await makeStore('a', numbers)] })
  expect(contentOf('into', numbers)).toMatchObject({ colours: numbers, listings: numbers, layouts: numbers })
})

test('rows that hold nothing are left out and counted, and do not stand in the way of sound ones', async () => {
  const a = await makeStore('a', range(0, 10))
  const broken = await makeStore('broken', range(0, 10))
  const db = new DatabaseSync(broken)
  db.exec(`UPDATE colour SET valid = 2 WHERE sampled % 2 = 0; UPDATE listing SET entries = 'x' WHERE listed LIKE '%3/%';
    UPDATE tile_part_layout SET lengths = x'01' WHERE size = 1004`)
  const { bad } = { ...db.prepare('SELECT count(*) AS bad FROM colour WHERE valid = 2').get() }
  db.close()
  const [first] = await mergeStores({ merge, into: path('into'), from: [broken] })
  expect(first).toMatchObject({
    colours: { unsound: bad },
    listings: { unsound: 1 },
    layouts: { unsound: 1 },
  })
  copyFileSync(broken, path('mended'))
  await mergeStores({ merge, into: path('mended'), from: [a] })
  expect(contentOf('mended', range(0, 10))).toMatchObject({
    colours: range(0, 10),
    listings: range(0, 10),
    layouts: range(0, 10),
  })
})

describe('a store that cannot be taken from', () => {
  const refusals: readonly [why: string, spoil: (file: string) => void, told: RegExp][] = [
    [
      'of a later layout',
      (file) => pragma(file, 'user_version = 9'),
      /has layout 9, this swath knows \d+\. Leave it out/,
    ],
    ['of an earlier layout', (file) => pragma(file, 'user_version = 2'), /has layout 2, .*upgrades it/],
    ['of another kind', (file) => pragma(file, 'application_id = 7'), /SQLite file of another kind/],
    ['whose table is of before', (file) => renamed(file), /table listing lacks the column storage/],
    ['that is cut', (file) => truncateSync(file, 20_000), /is damaged/],
    ['with a page of garbage', (file) => scribble(file), /is damaged/],
    [
      'that is text',
      (file) => writeFileSync(file, 'these are notes '.repeat(500)),
      /is damaged|another kind/,
    ],
    ['that is empty', (file) => writeFileSync(file, ''), /it is empty/],
  ]
  const pragma = (file: string, text: string) => withDatabase(file, `PRAGMA ${text}`)
  const renamed = (file: string) => withDatabase(file, 'ALTER TABLE listing RENAME COLUMN storage TO bucket')
  const withDatabase = (file: string, sql: string) => {
    const db = new DatabaseSync(file)
    db.exec(sql)
    db.close()
  }
  const scribble = (file: string) => {
    const bytes = readFileSync(file)
    for (let at = 4096; at + 4096 < bytes.length; at += 8192) bytes.fill(0x5a, at, at + 4096)
    writeFileSync(file, bytes)
  }

  test.each(refusals)(
    '%s is refused with a sentence, and nothing is written or lost',
    async (_, spoil, told) => {
      const good = await makeStore('good', range(0, 40))
      const bad = await makeStore('bad', range(0, 400))
      spoil(bad)
      const bytes = readFileSync(bad)
      await expect(mergeStores({ merge, into: path('into'), from: [good, bad] })).rejects.toThrow(
        expect.objectContaining({ code: 'misconfigured', message: expect.stringMatching(told) }),
      )
      expect(existsSync(path('into'))).toBe(false)
      expect(readFileSync(bad).equals(bytes)).toBe(true)
    },
  )

  test('since it is not there, or is the one that takes, is named', async () => {
    const good = await makeStore('good', range(0, 4))
    await expect(mergeStores({ merge, into: good, from: [path('none')] })).rejects.toThrow(
      /none cannot be merged/,
    )
    await expect(mergeStores({ merge, into: good, from: [folder.path] })).rejects.toThrow(/it is no file/)
    const dots = join(folder.path, '..', folder.path.split('/').at(-1) ?? '', 'good')
    await expect(mergeStores({ merge, into: good, from: [dots] })).rejects.toThrow(/is named twice/)
  })
})

test('a merge that is killed at any moment leaves a whole store, and the next one ends it', async () => {
  const numbers = range(0, 6000)
  const from = await makeStore('a', numbers)
  const left: number[] = []
  for (const ms of [0, 20, 40, 80, 160]) {
    const into = `into-${ms}`
    const child = spawn(process.execPath, [MERGER, 'store', 'merge', path(into), from], { stdio: 'ignore' })
    while (!existsSync(path(into)) && child.exitCode === null) await sleep(2)
    await sleep(ms)
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    const { state, colours } = contentOf(into, numbers)
    expect(state).toMatchObject({ colours: colours.length, failed: 0 })
    left.push(colours.length)
    const db = new DatabaseSync(path(into))
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    db.close()
    await mergeStores({ merge, into: path(into), from: [from] })
    expect(rowsOf(path(into))).toBe(rowsOf(from))
  }
  expect(Math.min(...left)).toBeLessThan(numbers.length)
}, 60_000)

test('a store that is served takes while it is written, and nothing of either is lost', async () => {
  const from = await makeStore('a', range(0, 3000))
  await makeStore('into', [])
  const served = sqliteStore(path('into'))
  const colours = served.colours('gs://a')
  const writing = Promise.all(
    range(5000, 5400).map(async (n) => {
      await sleep(n % 100)
      return colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n))
    }),
  )
  await mergeStores({ merge, into: path('into'), from: [from] })
  expect(new Set(await writing)).toEqual(new Set([undefined]))
  served.close()
  const all = [...range(0, 3000), ...range(5000, 5400)]
  expect(contentOf('into', all)).toMatchObject({ colours: all, state: { colours: 3400 } })
})
