import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../src/build-index.ts'
import { csvSource } from '../src/cli/csv-source.ts'
import { aboutIndex } from '../src/index-file/about.ts'
import { archiveRow, csvOf, writeCsv } from './archive.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
let server: Server | undefined
let child: ChildProcess | undefined
const at = (name: string) => join(folder.path, name)
const names = async (path = folder.path) => (await readdir(path)).sort()
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  child?.kill('SIGKILL')
  server?.closeAllConnections()
  server?.close()
  server = undefined
  await folder.remove()
})

const PLAIN = archiveRow({ tile: '33UUB', start: '2019-01-01T10:00:00Z' })
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    archiveRow({ tile: '33UVB', start: new Date(1.5e12 + i * 3.6e6).toISOString() }),
  )

describe('what stands where the index is to go', () => {
  test('is never one of the sources, whatever name it is given', async () => {
    const csv = await writeCsv(at('index.csv'), [PLAIN])
    await symlink(csv, at('by-link'))
    await link(csv, at('by-second-name'))
    for (const to of [csv, at('by-link'), at('by-second-name'), join(folder.path, '.', 'index.csv')]) {
      await expect(buildIndex({ from: [csv], to })).rejects.toThrow(
        /is .*index\.csv, which it is to be made from/,
      )
    }
    expect(await readFile(csv, 'utf8')).toBe(csvOf([PLAIN]))
    expect(await names()).toEqual(['by-link', 'by-second-name', 'index.csv'])
  })

  test('is refused before a row is read where it is no index: text, a database, a folder, a device', async () => {
    const from = [at('never-read.csv')]
    await writeFile(at('precious.txt'), 'my thesis')
    const other = new DatabaseSync(at('other.sqlite'))
    other.exec('CREATE TABLE t (x)')
    other.close()
    await mkdir(at('folder'))
    const before = await names()
    const refusals = [
      ['precious.txt', /precious\.txt: that is there and is no index/],
      ['other.sqlite', /is there and is no index/],
      ['folder', /is a folder; give the name of a file/],
      ['new-folder/', /is the name of a folder/],
    ] as const
    for (const [name, says] of refusals) {
      await expect(buildIndex({ from, to: `${folder.path}/${name}` })).rejects.toThrow(says)
    }
    await expect(buildIndex({ from, to: '/dev/null' })).rejects.toThrow(/that is not a file/)
    expect(await readFile(at('precious.txt'), 'utf8')).toBe('my thesis')
    expect(await names()).toEqual(before)
  })

  test('is replaced where it is an index, an empty file, or a link to one, which stays a link', async () => {
    const csv = await writeCsv(at('index.csv'), [PLAIN])
    await writeFile(at('index.sqlite'), '')
    await symlink(at('index.sqlite'), at('link'))
    for (const to of [at('index.sqlite'), at('index.sqlite'), at('link')])
      await buildIndex({ from: [csv], to })
    expect(aboutIndex(at('index.sqlite')).rows).toBe(1)
    expect(await names()).toEqual(['index.csv', 'index.sqlite', 'link'])
  })
})

describe('a CSV whose name has wildcards or quotes', () => {
  test.for(['in[de]ex.csv', 'in*x.csv', 'in?ex.csv', '[!i]*.csv', "it's.csv", '{a,b}.csv'])(
    'is read itself and no other: %s',
    async (name) => {
      await mkdir(at('a[b]*'))
      await mkdir(at('ab'))
      for (const other of ['a[b]*/inex.csv', 'a[b]*/index.csv', 'a[b]*/x.csv', `ab/${name}`]) {
        await writeCsv(at(other), rowsOf(3))
      }
      const csv = await writeCsv(at(`a[b]*/${name}`), [PLAIN])
      expect(await buildIndex({ from: [csv], to: at('index.sqlite') })).toMatchObject({ rows: 1, kept: 1 })
    },
  )
})

describe('a gzip file', () => {
  const packed = () => gzipSync(csvOf(rowsOf(5000)))
  const build = async (bytes: Uint8Array) => {
    await writeFile(at('index.csv.gz'), bytes)
    return buildIndex({ from: [at('index.csv.gz')], to: at('index.sqlite') })
  }

  test.for([1, 4, 8, 9, 100])('that lacks its last bytes is refused: %s of them', async (lost) => {
    await expect(build(packed().subarray(0, -lost))).rejects.toThrow(
      /cannot be unpacked: unexpected end of file/,
    )
    expect(await names()).toEqual(['index.csv.gz'])
  })

  test('whose checksum or length is another is refused', async () => {
    for (const [where, says] of [
      [-6, /incorrect data check/],
      [-2, /incorrect length check/],
    ] as const) {
      const bytes = packed()
      bytes.writeUInt8((bytes.at(where) ?? 0) ^ 0xff, bytes.length + where)
      await expect(build(bytes)).rejects.toThrow(says)
    }
  })

  test('of several members is read whole', async () => {
    const [head = '', ...rows] = csvOf(rowsOf(100)).split(/(?<=\n)/)
    const members = [head, rows.slice(0, 50).join(''), rows.slice(50).join('')].map((part) => gzipSync(part))
    expect(await build(Buffer.concat(members))).toMatchObject({ rows: 100, kept: 100 })
  })
})

describe('a build that does not come to its end', () => {
  const MAIN = join(import.meta.dirname, '../src/main.ts')
  /** `swath index build` of a file and a standard input that never ends. */
  const start = () => {
    const args = [
      MAIN,
      'index',
      'build',
      '--from',
      at('index.csv'),
      '--from',
      '-',
      '--to',
      at('index.sqlite'),
    ]
    child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin?.write(csvOf([PLAIN]))
    return child
  }
  const untilUnderWay = async () => {
    for (let i = 0; i < 200; i++) {
      const [place] = (await readdir(folder.path)).filter((name) => name.startsWith('.'))
      if (place !== undefined && (await readdir(at(place))).length > 0) return place
      await sleep(50)
    }
    throw new Error('The build did not begin.')
  }

  test('because it is killed leaves the old index as it was, and the next build sweeps', async () => {
    await buildIndex({ from: [await writeCsv(at('index.csv'), [PLAIN])], to: at('index.sqlite') })
    const before = await readFile(at('index.sqlite'))
    const build = start()
    const place = await untilUnderWay()
    build.kill('SIGKILL')
    await once(build, 'close')
    expect(place).toBe(`.index.sqlite.building-${build.pid}-${place.slice(-6)}`)
    expect(await names()).toEqual([place, 'index.csv', 'index.sqlite'])
    expect(await readFile(at('index.sqlite'))).toEqual(before)
    await buildIndex({ from: [at('index.csv')], to: at('other.sqlite') })
    expect(await names()).toContain(place)
    await buildIndex({ from: [at('index.csv')], to: at('index.sqlite') })
    expect(await names()).toEqual(['index.csv', 'index.sqlite', 'other.sqlite'])
  })

  test.for(['SIGINT', 'SIGTERM'] as const)(
    'because of %s says so and leaves nothing behind',
    async (signal) => {
      await buildIndex({ from: [await writeCsv(at('index.csv'), [PLAIN])], to: at('index.sqlite') })
      const before = await readFile(at('index.sqlite'))
      const build = start()
      const said = build.stderr?.toArray() ?? Promise.resolve([])
      await untilUnderWay()
      build.kill(signal)
      const [code] = await once(build, 'close')
      expect(code).toBe(1)
      expect(String((await said).join(''))).toMatch(/The build of .*index\.sqlite was stopped before its end/)
      expect(await names()).toEqual(['index.csv', 'index.sqlite'])
      expect(await readFile(at('index.sqlite'))).toEqual(before)
    },
  )

  test('because its signal aborts, before it or among the rows, leaves nothing behind', async () => {
    const from = [await writeCsv(at('index.csv'), [PLAIN, ...rowsOf(10)])]
    const to = at('index.sqlite')
    const stopped = { code: 'cancelled', message: expect.stringContaining('was stopped before its end') }
    await expect(buildIndex({ from, to, signal: AbortSignal.abort() })).rejects.toMatchObject(stopped)
    const stop = new AbortController()
    const onProgress = () => stop.abort()
    await expect(buildIndex({ from, to, signal: stop.signal, onProgress })).rejects.toMatchObject(stopped)
    expect(await names()).toEqual(['index.csv'])
  })

  test('has no second one beside it, in this process or another, until it ends or is killed', async () => {
    const from = [await writeCsv(at('index.csv'), rowsOf(100))]
    const to = at('index.sqlite')
    const second = () => buildIndex({ from, to })
    const refused = (pid: number | undefined, place: string) => ({
      code: 'upstream-busy',
      message:
        `Process ${pid} is building ${to}; wait for its end. If that process has nothing to do with it, ` +
        `remove ${at(place)}. Nothing was built.`,
    })
    const running = start()
    const place = await untilUnderWay()
    await expect(second()).rejects.toMatchObject(refused(running.pid, place))
    expect(await names()).toEqual([place, 'index.csv'])
    await buildIndex({ from, to: at('other.sqlite') })
    running.kill('SIGKILL')
    await once(running, 'close')
    let outcome: Promise<void> | undefined
    const onProgress = () => {
      const own = readdirSync(folder.path).find((name) => name.startsWith('.')) ?? ''
      outcome ??= expect(second()).rejects.toMatchObject(refused(process.pid, own))
    }
    expect(await buildIndex({ from, to, onProgress })).toMatchObject({ kept: 100 })
    await outcome
    expect(outcome).toBeDefined()
    expect(await names()).toEqual(['index.csv', 'index.sqlite', 'other.sqlite'])
  })
})

describe('a CSV from a server', () => {
  const serve = async (answer: (body: import('node:http').ServerResponse) => void) => {
    server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.csv.gz`
  }
  const build = (url: string, idleMs: number, signal?: AbortSignal) =>
    buildIndex({
      from: [csvSource(url, Readable.from([]), idleMs)],
      to: at('index.sqlite'),
      ...(signal && { signal }),
    })

  test('is read however slowly its bytes come', async () => {
    const bytes = gzipSync(csvOf(rowsOf(50)))
    const url = await serve(async (response) => {
      const step = Math.ceil(bytes.length / 8)
      for (let i = 0; i < bytes.length; i += step) {
        response.write(bytes.subarray(i, i + step))
        await sleep(100)
      }
      response.end()
    })
    const report = await build(url, 500)
    expect(report).toMatchObject({ kept: 50, about: { sources: [url] } })
    expect(await names()).toEqual(['index.sqlite'])
  })

  test.for([
    ['answers nothing', () => {}],
    [
      'stops in the middle',
      (response: import('node:http').ServerResponse) => void response.write('GRANULE_ID,'),
    ],
  ] as const)('that %s is given up after a while', async ([, answer]) => {
    const url = await serve(answer)
    await expect(build(url, 200)).rejects.toMatchObject({
      code: 'upstream-late',
      message: expect.stringContaining(`${url} sent nothing for 0.2 s`),
    })
    expect(await names()).toEqual([])
  })

  test('that stops in the middle can be stopped by the signal', async () => {
    const url = await serve((response) => void response.write('GRANULE_ID,'))
    const signal = AbortSignal.timeout(200)
    await expect(build(url, 60_000, signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await names()).toEqual([])
  })

  test('that is cut off or refused is named', async () => {
    const cut = await serve((response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('GRANULE_ID,', () => response.destroy())
    })
    await expect(build(cut, 5000)).rejects.toThrow(`${cut} could not be read to its end`)
    server?.close()
    const gone = await serve((response) => response.writeHead(404).end())
    await expect(build(gone, 5000)).rejects.toThrow(`${gone} answered 404, not a file.`)
    expect(await names()).toEqual([])
  })
})

describe('an index that is not whole', () => {
  const spoilt = async (sql: string) => {
    await buildIndex({ from: [await writeCsv(at('index.csv'), [PLAIN])], to: at('index.sqlite') })
    const db = new DatabaseSync(at('index.sqlite'))
    db.exec(sql)
    db.close()
    return () => aboutIndex(at('index.sqlite'))
  }

  test.for([
    [
      'does not tell its levels',
      "DELETE FROM about WHERE name = 'levels'",
      /does not tell what it holds: levels/,
    ],
    ['tells nothing', 'DELETE FROM about', /does not tell what it holds: rows .*, levels/],
    ['tells nonsense', `UPDATE about SET value = '"x"' WHERE name = 'rows'`, /what it holds: rows \(/],
    ['tells no JSON', `UPDATE about SET value = '{' WHERE name = 'rows'`, /no index that swath can read/],
    ['lacks the table of what it holds', 'DROP TABLE about', /no such table: about/],
    ['lacks a column', 'ALTER TABLE granule DROP COLUMN size', /granule has the columns cell, .*quality/],
    ['lacks its granules', 'DROP TABLE granule', /granule has the columns \(none\), not cell/],
    ['has a column more', 'ALTER TABLE granule ADD COLUMN x', /verbatim, x, not cell/],
  ] as const)('since it %s is refused when it is opened', async ([, sql, says]) => {
    const opening = await spoilt(sql)
    expect(opening).toThrow(says)
    expect(opening).toThrow(expect.objectContaining({ code: 'misconfigured' }))
  })

  test('is made anew by a build to its place', async () => {
    await spoilt('DELETE FROM about')
    await buildIndex({ from: [at('index.csv')], to: at('index.sqlite') })
    expect(aboutIndex(at('index.sqlite')).rows).toBe(1)
  })
})
