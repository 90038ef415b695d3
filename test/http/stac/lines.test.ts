import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Catalog } from '../../../src/catalog/port.ts'
import { Fault } from '../../../src/errors.ts'
import type { House } from '../../../src/house.ts'
import { type Served, serveHouse, serveRows } from '../../serve.ts'
import { type Item, idsOf, pagesOf, post, ROWS } from './stac-client.ts'

let served: Served
let search: string
beforeAll(async () => {
  served = await serveRows(ROWS)
  search = `${served.url}/stac/search`
})
afterAll(() => served.close())

const itemsOf = (lines: string): Item[] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const all = async (parameters = '') =>
  (await pagesOf({ href: `${search}?limit=1000${parameters}` })).flatMap(({ features }) => features)

/** The service over a catalog that searches in another way. */
async function serveWith(searched: (catalog: Catalog) => Catalog['search']) {
  const house: House = {
    ...served.house,
    open() {
      const session = served.house.open()
      return { ...session, catalog: { ...session.catalog, search: searched(session.catalog) } }
    },
  }
  const { url, stop } = await serveHouse(house)
  return { search: `${url}/stac/search?collections=sentinel-2-l1c&dedupe=none`, stop }
}

describe('a search in lines', () => {
  test('holds every match where no limit is given, the same items in the same order', async () => {
    const expected = await all()
    expect(expected.length).toBe(ROWS.length - 4)
    for (const asked of [
      fetch(`${search}?format=ndjson`),
      fetch(search, { headers: { accept: 'application/x-ndjson' } }),
      fetch(search, { headers: { accept: 'application/x-ndjson;q=0.9, application/json;q=0.5' } }),
      post(search, { format: 'ndjson' }),
      fetch(`${search}?format=ndjson`, { headers: { accept: 'application/geo+json' } }),
    ]) {
      const response = await asked
      expect(response.headers.get('content-type')).toBe('application/x-ndjson')
      expect(response.headers.get('vary')).toContain('Accept')
      expect(response.headers.get('link')).toBeNull()
      expect(itemsOf(await response.text())).toEqual(expected)
    }
  })

  test('is a FeatureCollection for who accepts anything or JSON', async () => {
    for (const accept of [
      '*/*',
      'application/json',
      'application/geo+json, application/json',
      'text/html, */*;q=0.1',
    ]) {
      const response = await fetch(search, { headers: { accept } })
      expect([accept, response.headers.get('content-type')]).toEqual([accept, 'application/geo+json'])
      await response.text()
    }
  })

  test('takes filters, sorting and fields, as items of a collection do', async () => {
    const parameters = 'filter=eo:cloud_cover<50&sortby=-eo:cloud_cover'
    const lines = itemsOf(await (await fetch(`${search}?${parameters}&format=ndjson`)).text())
    expect(lines.length).toBeGreaterThan(5)
    expect(lines).toEqual(await all(`&${parameters}`))
    const items = `${served.url}/stac/collections/sentinel-2-l2a/items?format=ndjson&fields=id,-assets,-links,-geometry`
    const ofLevel = itemsOf(await (await fetch(items)).text())
    expect(ofLevel.map(({ id }) => id)).toEqual(
      (await all('&collections=sentinel-2-l2a')).map(({ id }) => id),
    )
    expect(ofLevel[0]).not.toHaveProperty('assets')
  })

  test('is one page where a limit is given, whose header leads to the next', async () => {
    const expected = await all()
    const found: Item[] = []
    let href: string | undefined = `${search}?format=ndjson&limit=25`
    for (let page = 0; href !== undefined; page++) {
      const response: Response = await fetch(href)
      const items = itemsOf(await response.text())
      expect(items.length).toBe(page < 2 ? 25 : expected.length - 50)
      found.push(...items)
      href = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(found).toEqual(expected)
  })

  test('goes on to the end from a token', async () => {
    const first = await fetch(`${search}?format=ndjson&limit=50`)
    await first.text()
    const next = new URL(/<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '')
    next.searchParams.delete('limit')
    expect(itemsOf(await (await fetch(next)).text())).toEqual((await all()).slice(50))
  })

  test('has a record separator before each item as a GeoJSON text sequence', async () => {
    for (const asked of [
      fetch(`${search}?format=geojsonseq`),
      fetch(search, { headers: { accept: 'application/geo+json-seq' } }),
    ]) {
      const response = await asked
      expect(response.headers.get('content-type')).toBe('application/geo+json-seq')
      const records = (await response.text()).split('\u001e')
      expect(records.shift()).toBe('')
      expect(records.every((record) => record.endsWith('\n'))).toBe(true)
      expect(records.map((record) => JSON.parse(record))).toEqual(await all())
    }
  })

  test('is empty where nothing matches, and refuses what it does not know', async () => {
    const none = await fetch(`${search}?format=ndjson&datetime=1999-01-01T00:00:00Z`)
    expect([none.status, await none.text()]).toEqual([200, ''])
    const strange = await fetch(`${search}?format=ndjsn`)
    expect(strange.status).toBe(400)
    expect(await strange.text()).toContain('ndjson')
  })

  test('answers 304 to who has it, and HEAD without a body', async () => {
    const response = await fetch(`${search}?format=ndjson`)
    await response.text()
    const etag = response.headers.get('etag') ?? ''
    const again = (format: string) =>
      fetch(`${search}?format=${format}`, { headers: { 'if-none-match': etag } })
    expect((await again('ndjson')).status).toBe(304)
    const other = await again('geojsonseq')
    await other.text()
    expect(other.status).toBe(200)
    const head = await fetch(`${search}?format=ndjson`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('needs a limit in HTTP/1.0, which cannot tell a cut list', async () => {
    const ask = async (path: string) => {
      const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
      socket.write(`GET ${path} HTTP/1.0\r\nHost: here\r\n\r\n`)
      return text(socket)
    }
    expect(await ask('/stac/search?format=ndjson')).toMatch(/^HTTP\/1\.[01] 400 [\s\S]*limit/)
    expect(await ask('/stac/search?format=ndjson&limit=2')).toMatch(
      /^HTTP\/1\.[01] 200 [\s\S]*content-length/i,
    )
  })

  test('is broken off when a later page fails, and a status where the first one does', async () => {
    const complaints = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    let calls = 0
    let failing = 3
    const { search: failingSearch, stop } = await serveWith((catalog) => async (asked, options) => {
      if (++calls >= failing) throw new Fault('upstream-failed', 'The catalog is gone.')
      return catalog.search(asked, { ...options, limit: 10 })
    })
    try {
      const response = await fetch(`${failingSearch}&format=ndjson`)
      expect(response.status).toBe(200)
      await expect(response.text()).rejects.toThrow()
      // The log tells of it when the connection has ended.
      await vi.waitFor(() => expect(complaints.mock.calls.join()).toContain('The catalog is gone.'))
      ;[calls, failing] = [0, 1]
      const atOnce = await fetch(`${failingSearch}&format=ndjson`)
      expect([atOnce.status, atOnce.headers.get('etag')]).toEqual([502, null])
      expect(await atOnce.json()).toMatchObject({ description: expect.stringContaining('gone') })
    } finally {
      complaints.mockRestore()
      stop()
    }
  })

  test('is made no faster than it is read, and no longer when the reader has left', async () => {
    let calls = 0
    const endless = await serveWith((catalog) => async (asked, options) => {
      calls++
      return {
        ...(await catalog.search(asked, { ...options, after: undefined, limit: 30 })),
        next: ['newest', 1],
      }
    })
    try {
      const request = get(`${endless.search}&format=ndjson`)
      const [response]: IncomingMessage[] = await once(request, 'response')
      response?.pause()
      let before = -1
      while (calls > before) {
        before = calls
        await sleep(300)
      }
      // What lies in the buffers of a socket, some megabytes, is read ahead.
      expect(calls).toBeLessThan(100)
      request.destroy()
      await sleep(200)
      expect(calls).toBeLessThan(before + 3)
    } finally {
      endless.stop()
    }
  })
})

describe('its items', () => {
  test('are those of the search by pages', async () => {
    const pages = await pagesOf({ href: `${search}?limit=7` })
    const lines = itemsOf(await (await fetch(`${search}?format=ndjson`)).text())
    expect(lines.map(({ id }) => id)).toEqual(idsOf(pages))
  })
})
