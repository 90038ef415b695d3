import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeArchiveCsv } from '../bench/archive-csv.ts'
import { chance } from '../bench/archive-world.ts'
import { buildIndex } from '../src/build-index.ts'
import { aboutIndex } from '../src/index-file/about.ts'
import { archiveRow, csvOf, writeCsv } from './archive.ts'
import { startShell } from './cli/swath.ts'
import { granulesIn } from './index-granules.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
const names = async () => (await readdir(folder.path)).sort()
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const OLD = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })

/** An index that stands there before, and the CSV that is to replace it. */
async function oldIndexAndNewCsv(rows: number): Promise<void> {
  await buildIndex({ from: [await writeCsv(at('old.csv'), [OLD])], to: at('index.sqlite') })
  await writeArchiveCsv(at('new.csv.gz'), { rows, seed: 7 })
}

const oldStillAnswers = () => {
  expect(granulesIn(at('index.sqlite')).map(({ granuleId }) => granuleId)).toEqual([OLD.GRANULE_ID])
}

describe('a build on a disk that does not take it', () => {
  test.for([
    ['the draft of the index', 20_000, 1000],
    ['nothing', 2000, 0],
  ] as const)(
    'says so, names the disk and leaves the old index: no room for %s',
    { timeout: 60_000 },
    async ([, rows, blocks]) => {
      await oldIndexAndNewCsv(rows)
      const before = await readFile(at('index.sqlite'))
      const build = `swath index build --from ${at('new.csv.gz')} --to ${at('index.sqlite')}`
      const { code, stderr } = await startShell(`ulimit -f ${blocks}; ${build}`, {}).ended
      expect(stderr).toMatch(
        new RegExp(`^swath: The index ${at('index.sqlite')} could not be built: .*the disk of the folder`),
      )
      expect(stderr).toContain(`the disk of the folder ${folder.path}`)
      expect(stderr).toMatch(/\. Nothing was built; the old index is untouched\.\n$/)
      expect(code).toBe(1)
      expect(await readFile(at('index.sqlite'))).toEqual(before)
      expect(await names()).toEqual(['index.sqlite', 'new.csv.gz', 'old.csv'])
      oldStillAnswers()
    },
  )

  test('says so where nobody may write in the folder', async () => {
    const csv = await writeCsv(at('old.csv'), [OLD])
    await expect(buildIndex({ from: [csv], to: '/proc/index.sqlite' })).rejects.toMatchObject({
      code: 'misconfigured',
      message:
        'The index /proc/index.sqlite cannot be written: no file can be made in the folder /proc. ' +
        'Nothing was built.',
    })
  })
})

describe('a standard input that ends early', () => {
  test.for([
    ['packed', /standard input cannot be unpacked: unexpected end of file/],
    ['in a row', /The index CSV standard input: line \d+ is broken \(\d+ fields?, the header has 15\)/],
    ['before it began', /The index CSV standard input is empty/],
  ] as const)('is named, and the old index answers: %s', { timeout: 60_000 }, async ([how, says]) => {
    await oldIndexAndNewCsv(10)
    const rows = Array.from({ length: 200 }, (_, i) =>
      archiveRow({ tile: '33UVB', start: new Date(1.5e12 + i * 3.6e6).toISOString() }),
    )
    const whole = Buffer.from(csvOf(rows))
    const packed = gzipSync(whole)
    const cut = { packed: packed.subarray(0, packed.length - 20), 'in a row': whole.subarray(0, 20_000) }
    await writeFile(at('cut'), how === 'before it began' ? '' : cut[how])
    const line = `swath index build --from - --to ${at('index.sqlite')} < ${at('cut')}`
    const { code, stderr } = await startShell(line, {}).ended
    expect(stderr).toMatch(says)
    expect(code).toBe(1)
    expect(await names()).toEqual(['cut', 'index.sqlite', 'new.csv.gz', 'old.csv'])
    oldStillAnswers()
  })
})

describe('a build that is killed', () => {
  const BUILD = join(import.meta.dirname, '../src/build-index.ts')
  /** A build in a process of its own, which says each phase when it begins. */
  const startBuild = () => {
    const code = `
      import { buildIndex } from ${JSON.stringify(BUILD)}
      let before
      await buildIndex({
        from: [${JSON.stringify(at('new.csv.gz'))}],
        to: ${JSON.stringify(at('index.sqlite'))},
        onProgress: ({ phase }) => {
          if (phase !== before) console.log(phase)
          before = phase
        },
      })
      console.log('done')`
    return spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }
  const said = async (child: ReturnType<typeof startBuild>, word: string) => {
    let text = ''
    for await (const chunk of child.stdout ?? []) {
      text += String(chunk)
      if (text.includes(word)) return
    }
  }

  test('at any moment leaves the old index or the whole new one, and the next build sweeps', {
    timeout: 120_000,
  }, async () => {
    await oldIndexAndNewCsv(60_000)
    const MOMENTS = [
      ['reading', 20],
      ['reading', 400],
      ['writing', 20],
      ['writing', 150],
      ['writing', 1000],
      ['done', 0],
    ] as const
    let old = granulesIn(at('index.sqlite'))
    let outcomes = ''
    for (const [n, [word, upTo]] of MOMENTS.entries()) {
      const child = startBuild()
      const ended = once(child, 'close')
      await said(child, word)
      await sleep(upTo * chance(11, n))
      child.kill('SIGKILL')
      await ended
      const db = new DatabaseSync(at('index.sqlite'), { readOnly: true })
      expect(Object.values(db.prepare('PRAGMA integrity_check').get() ?? {})).toEqual(['ok'])
      db.close()
      const now = granulesIn(at('index.sqlite'))
      expect(now).toHaveLength(aboutIndex(at('index.sqlite')).rows)
      const isOld = now.length === old.length
      if (isOld) expect(now).toEqual(old)
      else expect(now.length).toBeGreaterThan(59_000)
      outcomes += isOld ? 'o' : 'n'
      old = now
    }
    expect(outcomes).toMatch(/^oo/)
    await buildIndex({ from: [at('new.csv.gz')], to: at('index.sqlite') })
    expect(await names()).toEqual(['index.sqlite', 'new.csv.gz', 'old.csv'])
  })
})
