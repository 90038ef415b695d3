import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from '../store/colour-samples.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { swath } from './swath.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const path = (name: string) => join(folder.path, name)

async function makeStore(name: string, numbers: readonly number[]): Promise<void> {
  const store = sqliteStore(path(name))
  await Promise.all(
    numbers.map((n) => store.colours('gs://a').put(granuleOf(n), STRIDE_16, colourOfNumber(n))),
  )
  store.close()
}

test('swath store merge tells what it took of each store, and a second time nothing', async () => {
  await makeStore('a', [1, 2, 3])
  await makeStore('b', [3, 4])
  const argv = ['store', 'merge', `sqlite:${path('into')}`, path('a'), path('b')]
  const first = await swath(argv, {})
  expect(first).toMatchObject({ code: 0, stdout: '' })
  expect(first.stderr).toBe(
    `${path('a')}: took 3 of 3 colours, 0 of 0 listings, 0 of 0 places of tile-parts; the others were there\n` +
      `${path('b')}: took 1 of 2 colours, 0 of 0 listings, 0 of 0 places of tile-parts; the others were there\n`,
  )
  const second = await swath(argv, {})
  expect(second).toMatchObject({ code: 0 })
  expect(second.stderr.match(/took 0 of/g)).toHaveLength(2)
})

test('rows that hold nothing make a merge partial', async () => {
  await makeStore('a', [1, 2, 3])
  const db = new DatabaseSync(path('a'))
  db.exec('UPDATE colour SET sampled = 0 WHERE stride = 16 AND red = (SELECT min(red) FROM colour)')
  db.close()
  const { code, stderr } = await swath(['store', 'merge', path('into'), path('a')], {})
  expect(code).toBe(3)
  expect(stderr).toContain('took 2 of 3 colours')
  expect(stderr).toMatch(/left out, since they hold nothing that could be used: 1 row\b/)
})

test('a store that is not there or named twice is refused before anything is made', async () => {
  await makeStore('a', [1])
  const none = await swath(['store', 'merge', path('into'), path('a'), path('none')], {})
  expect(none).toMatchObject({ code: 1 })
  expect(none.stderr).toBe(
    `swath: The store ${path('none')} cannot be merged: there is no such file. Leave it out; nothing of it was taken.\n`,
  )
  const twice = await swath(['store', 'merge', path('into'), path('a'), path('a')], {})
  expect(twice).toMatchObject({ code: 2 })
  expect(twice.stderr).toContain('is named twice')
  expect((await swath(['store', 'merge', path('into')], {})).code).toBe(2)
  expect(existsSync(path('into'))).toBe(false)
})
