import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveCsv } from '../../bench/archive-csv.ts'
import { joinLine, rowOf, splitLine } from '../../src/index-file/csv.ts'
import { inspectCsv } from '../../src/index-file/csv-source.ts'
import { sortLines } from '../../src/index-file/sort-lines.ts'
import { readArchiveCsv } from '../../src/index-file/update-tiles.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const never = new AbortController().signal

async function sorted(files: readonly string[], gathered?: number) {
  const sources = await Promise.all(files.map((file) => inspectCsv(file)))
  const shares: number[] = []
  const lines = await sortLines(sources, folder.path, never, ({ share }) => shares.push(share), gathered)
  try {
    const spilt = (await readdir(folder.path)).includes('rows')
    return { rows: lines.rows, tiles: [...lines.tiles()].map(String), shares, spilt }
  } finally {
    await lines.close()
  }
}

describe('rows sorted by tile', () => {
  test('are all there, each tile once, in the order of their names, those without one last', async () => {
    const text = Buffer.concat([...archiveCsv({ rows: 6000, columns: 'table' })])
    await writeFile(at('made.csv.gz'), gzipSync(text))
    const { rows, tiles, shares, spilt } = await sorted([at('made.csv.gz')])
    const lines = text.toString().split('\n').slice(1, -1)
    expect(rows).toBe(6000)
    expect(tiles.join('').split('\n').slice(0, -1).sort()).toEqual(lines.toSorted())
    const tilesOf = (lines: string) =>
      new Set(
        lines
          .split('\n')
          .slice(0, -1)
          .map((line) => rowOf(line).MGRS_TILE),
      )
    const names = tiles.map((lines) => [...tilesOf(lines)])
    expect(names.every((one) => one.length === 1)).toBe(true)
    expect(names.at(-1)).toEqual([null])
    const named = names.slice(0, -1).map(([name]) => name)
    expect(named).toEqual(named.toSorted())
    expect(shares.at(-1)).toBe(1)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(spilt).toBe(false)
  })

  test('are the same, in the same order, however little is kept in memory', async () => {
    for (const [n, columns] of (['csv', 'table'] as const).entries()) {
      await writeFile(at(`${n}.csv`), Buffer.concat([...archiveCsv({ rows: 3000, seed: n, columns })]))
    }
    const files = [at('0.csv'), at('1.csv')]
    const whole = await sorted(files)
    for (const gathered of [1000, 70_000, 500_000]) {
      await using other = await temporaryFolderOf()
      const sources = await Promise.all(files.map((file) => inspectCsv(file)))
      const lines = await sortLines(sources, other.path, never, undefined, gathered)
      expect([...lines.tiles()].map(String)).toEqual(whole.tiles)
      expect(await readdir(other.path)).toEqual(['rows'])
      await lines.close()
    }
  })

  test('come a tile at a time as fields, from files of other columns too', async () => {
    const head = String(Buffer.concat([...archiveCsv({ rows: 40, columns: 'table' })]))
    const turned = head
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',').reverse().join(','))
    await writeFile(at('made.csv'), head)
    await writeFile(at('turned.csv'), `${turned.join('\r\n')}\r\n`)
    const rows = async (file: string) => {
      const all = []
      const source = await inspectCsv(file)
      for await (const batch of readArchiveCsv([source], folder.path, never)) all.push(...batch)
      return all
    }
    expect(await rows(at('turned.csv'))).toEqual(await rows(at('made.csv')))
    expect(await rows(at('made.csv'))).toHaveLength(40)
  })
})

describe('a line of CSV', () => {
  test('gives back every field, whatever stands in it but line ends', () => {
    const field = fc.string().map((text) => text.replaceAll(/[\r\n]/g, ''))
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 16 }), (fields) => {
        expect(splitLine(joinLine(fields))).toEqual(fields)
      }),
      { numRuns: 3000 },
    )
  })

  test('with a quote that has no partner, or stands in a field without quotes, is none', () => {
    for (const line of ['"', 'a,"b', 'a"b,c', '"a"b,c', '"a""', 'a,b"']) {
      expect(splitLine(line)).toBeUndefined()
    }
    expect(splitLine('')).toEqual([''])
    expect(splitLine('"a,""b""",,"",c')).toEqual(['a,"b"', '', '', 'c'])
    expect(splitLine('"a",')).toEqual(['a', ''])
  })
})

async function temporaryFolderOf() {
  const { path, remove } = await temporaryFolder()
  return { path, [Symbol.asyncDispose]: remove }
}
