import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Colour } from '../../src/colour/port.ts'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from './colour-samples.ts'

let folder: Temporary
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'store.sqlite')
})
afterEach(() => folder.remove())

/** Does something to the file behind the store's back. */
function tamper(sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

describe('a colour that was put', () => {
  test('is there at once, and in another store after it was reported', async () => {
    const [store, other] = [sqliteStore(file), sqliteStore(file)]
    const reported = store.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(1))
    expect(store.colours('gs://a').get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(1))
    expect(other.colours('gs://a').get(granuleOf(1), STRIDE_16)).toBeUndefined()
    expect(await reported).toBeUndefined()
    expect(other.colours('gs://a').get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(1))
    expect(other.state()).toEqual({ listings: 0, colours: 1, failed: 0 })
    store.close()
    other.close()
  })

  test('is of its granule, sampling and storage alone', async () => {
    const store = sqliteStore(file)
    const colours = store.colours('gs://a')
    const granule = granuleOf(1)
    await colours.put(granule, STRIDE_16, colourOfNumber(1))
    await colours.put(granule, { source: 'preview' }, colourOfNumber(2))
    expect(colours.get(granule, { source: 'preview' })).toEqual(colourOfNumber(2))
    expect(colours.get(granule, STRIDE_16)).toEqual(colourOfNumber(1))
    expect(colours.get(granule, { source: 'bands', stride: 8 })).toBeUndefined()
    expect(colours.get({ ...granule, place: `${granule.place}2` }, STRIDE_16)).toBeUndefined()
    expect(colours.get({ ...granule, granuleId: 'L1C_other' }, STRIDE_16)).toBeUndefined()
    expect(store.colours('gs://b').get(granule, STRIDE_16)).toBeUndefined()
    store.close()
  })

  test('is written once: whoever comes later is told that it is stored, and changes nothing', async () => {
    const [store, other] = [sqliteStore(file), sqliteStore(file)]
    const put = (of: typeof store, n: number) =>
      of.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(n))
    expect(await Promise.all([put(store, 1), put(store, 2)])).toEqual([undefined, undefined])
    expect(await put(store, 3)).toBeUndefined()
    expect(await put(other, 4)).toBeUndefined()
    expect(store.colours('gs://a').get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(1))
    expect(other.state().colours).toBe(1)
    store.close()
    other.close()
  })

  test('is written when the store is closed at once', async () => {
    const store = sqliteStore(file)
    const reported = store.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(1))
    store.close()
    expect(await reported).toBeUndefined()
    expect(await store.colours('gs://a').put(granuleOf(2), STRIDE_16, colourOfNumber(2))).toMatch(/not open/)
    const other = sqliteStore(file)
    expect(other.colours('gs://a').get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(1))
    other.close()
  })

  test('by another method is never served, and stays for that method', async () => {
    const [old, today] = [sqliteStore(file, { method: 1 }), sqliteStore(file, { method: 2 })]
    await old.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(1))
    expect(today.colours('gs://a').get(granuleOf(1), STRIDE_16)).toBeUndefined()
    expect([...today.allColours()]).toEqual([])
    await today.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(2))
    expect(today.colours('gs://a').get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(2))
    expect(old.colours('gs://a').get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(1))
    expect([...today.allColours()].map(({ method, colour }) => [method, colour])).toEqual([
      [2, colourOfNumber(2)],
    ])
    old.close()
    today.close()
  })
})

describe('what is no colour', () => {
  const BAD: Readonly<Record<string, Partial<Colour>>> = {
    'not a number': { red: Number.NaN },
    'no end of light': { blue: Number.POSITIVE_INFINITY },
    'nothing valid': { valid: 0 },
    'more than all valid': { valid: 1.01 },
    'nothing sampled': { sampled: 0 },
    'half a pixel': { sampled: 0.5 },
  }
  test.for(Object.entries(BAD))('is not stored: %s', async ([, part]) => {
    const store = sqliteStore(file)
    const colours = store.colours('gs://a')
    const why = 'its numbers can be none of a colour'
    expect(await colours.put(granuleOf(1), STRIDE_16, { ...colourOfNumber(1), ...part })).toBe(why)
    expect(colours.get(granuleOf(1), STRIDE_16)).toBeUndefined()
    expect(store.state()).toEqual({ listings: 0, colours: 0, failed: 1, lastFailure: why })
    store.close()
  })

  test.for(['valid = 7', 'valid = -0.0', 'sampled = 0', 'red = 9e999', 'blue = -9e999'])(
    'is not served from a damaged row, and can be made good: %s',
    async (damage) => {
      const store = sqliteStore(file)
      const colours = store.colours('gs://a')
      for (const n of [1, 2]) await colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n))
      tamper(`UPDATE colour SET ${damage} WHERE granule_id LIKE '%A000001%'`)
      expect(colours.get(granuleOf(1), STRIDE_16)).toBeUndefined()
      expect(store.state()).toMatchObject({ failed: 1, lastFailure: 'a remembered colour is damaged' })
      expect([...store.allColours()].map(({ colour }) => colour)).toEqual([colourOfNumber(2)])
      expect(store.state().failed).toBe(2)
      expect(await colours.put(granuleOf(1), STRIDE_16, colourOfNumber(3))).toBeUndefined()
      expect(colours.get(granuleOf(1), STRIDE_16)).toEqual(colourOfNumber(3))
      expect(store.state().colours).toBe(2)
      store.close()
    },
  )

  test('is not served from a table that is gone, and reported as not stored with the reason', async () => {
    const store = sqliteStore(file)
    tamper('DROP TABLE colour')
    const colours = store.colours('gs://a')
    expect(colours.get(granuleOf(1), STRIDE_16)).toBeUndefined()
    const why = 'no such table: colour'
    expect(store.state()).toMatchObject({ failed: 1, lastFailure: why })
    expect(await colours.put(granuleOf(1), STRIDE_16, colourOfNumber(1))).toMatch(why)
    expect(store.state().failed).toBe(2)
    expect(() => [...store.allColours()]).toThrow(/store\.sqlite cannot be read to their end/)
    store.close()
  })
})

describe('a store that another process holds', () => {
  test('for a moment reports its colours when it is free', async () => {
    const store = sqliteStore(file)
    const holder = new DatabaseSync(file)
    holder.exec('BEGIN IMMEDIATE')
    setTimeout(() => holder.exec('COMMIT'), 300)
    const started = performance.now()
    expect(await store.colours('gs://a').put(granuleOf(1), STRIDE_16, colourOfNumber(1))).toBeUndefined()
    expect(performance.now() - started).toBeGreaterThan(250)
    expect(store.state()).toEqual({ listings: 0, colours: 1, failed: 0 })
    holder.close()
    store.close()
  })

  test('for longer than five seconds reports that they are not stored, and goes on', async () => {
    const store = sqliteStore(file)
    const colours = store.colours('gs://a')
    const holder = new DatabaseSync(file)
    holder.exec('BEGIN IMMEDIATE')
    const started = performance.now()
    const puts = [1, 2].map((n) => colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n)))
    const why = 'another process kept it locked for 5 s'
    expect(await Promise.all(puts)).toEqual([why, why])
    expect(performance.now() - started).toBeGreaterThan(4900)
    expect(performance.now() - started).toBeLessThan(8000)
    expect(colours.get(granuleOf(1), STRIDE_16)).toBeUndefined()
    expect(store.state()).toEqual({ listings: 0, colours: 0, failed: 2, lastFailure: why, failing: true })
    holder.exec('ROLLBACK')
    holder.close()
    expect(await colours.put(granuleOf(1), STRIDE_16, colourOfNumber(1))).toBeUndefined()
    store.close()
  })
})

describe('a store that cannot be written any more', () => {
  /** A store with one colour, after something befell its file. */
  async function putAfter(befalls: () => void): Promise<string | undefined> {
    const store = sqliteStore(file)
    const colours = store.colours('gs://a')
    await colours.put(granuleOf(1), STRIDE_16, colourOfNumber(1))
    befalls()
    try {
      return await colours.put(granuleOf(2), STRIDE_16, colourOfNumber(2))
    } finally {
      store.close()
    }
  }

  test('since the disk takes no more says so', () => {
    const store = JSON.stringify(fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url)))
    const samples = JSON.stringify(fileURLToPath(new URL('./colour-samples.ts', import.meta.url)))
    const script = `const { sqliteStore } = await import(${store})
      const { colourOfNumber, granuleOf, STRIDE_16 } = await import(${samples})
      const colours = sqliteStore(process.argv[1]).colours('gs://a')
      const puts = Array.from({ length: 5000 }, (_, n) => colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n)))
      process.stdout.write((await Promise.all(puts)).at(-1) ?? 'stored')`
    // No file of the process may grow beyond 500 blocks of 512 bytes.
    const limited = `trap '' XFSZ; ulimit -f 500; exec "$0" --input-type=module -e "$1" "$2"`
    const why = execFileSync('/bin/sh', ['-c', limited, process.execPath, script, file], { encoding: 'utf8' })
    expect(why).toMatch(/^(its disk cannot be read or written|the database or disk is full)$/)
  })

  test('since its file is damaged says so', async () => {
    const why = await putAfter(() => {
      tamper('PRAGMA wal_checkpoint(TRUNCATE)')
      writeFileSync(file, randomBytes(statSync(file).size))
    })
    expect(why).toMatch(/^its file is damaged/)
  })
})

describe('all colours', () => {
  test('come with all that belongs to them, in the order of their key, whatever their number', async () => {
    const store = sqliteStore(file)
    const numbers = Array.from({ length: 2500 }, (_, i) => (i * 7919) % 2500)
    const started = Date.now()
    await Promise.all(
      numbers.map((n) => store.colours('gs://b').put(granuleOf(n), STRIDE_16, colourOfNumber(n))),
    )
    await store.colours('gs://b').put(granuleOf(7), { source: 'bands', stride: 8 }, colourOfNumber(7))
    await store.colours('gs://a').put(granuleOf(7), { source: 'preview' }, colourOfNumber(7))
    const all = [...store.allColours()]
    expect(all.length).toBe(2502)
    expect(all[0]?.storage).toBe('gs://a')
    expect(all[0]?.sampling).toEqual({ source: 'preview' })
    expect(all.slice(8, 11).map(({ sampling }) => 'stride' in sampling && sampling.stride)).toEqual([
      8, 16, 16,
    ])
    expect(all.slice(9).map(({ colour }) => colour)).toEqual(
      Array.from({ length: 2493 }, (_, i) => colourOfNumber(i + 7)),
    )
    const { granuleId, productId, mgrsTile, sensingTime, place } = granuleOf(0)
    expect(all[1]).toEqual({
      storage: 'gs://b',
      granule: { granuleId, productId, mgrsTile, sensingTime, place },
      sampling: STRIDE_16,
      colour: colourOfNumber(0),
      method: 1,
      madeAt: expect.any(Number),
    })
    expect(all[1]?.madeAt).toBeGreaterThanOrEqual(started)
    expect(all[1]?.madeAt).toBeLessThanOrEqual(Date.now())
    store.close()
  })

  test('can be read while others are put', async () => {
    const store = sqliteStore(file)
    const colours = store.colours('gs://a')
    for (const n of [1, 2]) await colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n))
    const seen: number[] = []
    for (const { colour } of store.allColours()) {
      seen.push(colour.sampled)
      expect(await colours.put(granuleOf(3), STRIDE_16, colourOfNumber(3))).toBeUndefined()
    }
    expect(seen.slice(0, 2)).toEqual([471_970, 471_971])
    store.close()
  })
})

test('a page of 250 remembered colours is read in a few milliseconds', async () => {
  const store = sqliteStore(file)
  const colours = store.colours('gs://a')
  const granules = Array.from({ length: 20_000 }, (_, n) => granuleOf(n))
  await Promise.all(granules.map((granule, n) => colours.put(granule, STRIDE_16, colourOfNumber(n))))
  const page = granules.filter((_, n) => n % 80 === 0)
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now()
    expect(page.every((granule) => colours.get(granule, STRIDE_16))).toBe(true)
    return performance.now() - started
  })
  expect(page.length).toBe(250)
  expect(Math.min(...times)).toBeLessThan(12)
  store.close()
})
