import { describe, expect, test } from 'vitest'
import type { BigQueryFault } from '../stand-ins/bigquery-server.ts'
import { told } from './upstream.ts'
import { AREA, bigquerySetting, cells, type Page, pages, SEARCH } from './upstream-bigquery.ts'

/* Rows of BigQuery that cannot be what was asked for: none is believed, and no half of them. */

/** Its timestamps, which are the only long whole numbers. */
const times = (text: string) => cells((v) => (/^\d{15,}$/.test(v ?? '') ? text : v))

const UNREADABLE = /BigQuery gave a row .* that cannot be read\. Try again/
const NONSENSE = /BigQuery did not answer about the table .*no sense.*[Tt]ry again/
const ROWS: readonly (readonly [string, BigQueryFault])[] = [
  [
    'a row that breaks off',
    pages((body) => ({ ...body, rows: body.rows.map(({ f }) => ({ f: f.slice(0, 3) })) })),
  ],
  ['rows without a schema', pages(({ schema: _, ...body }) => body)],
  ['times that are no numbers', times('yesterday')],
  ['times past all time', times('99999999999999999999')],
  ['names that are empty', cells((v) => (v?.startsWith('L1C_T33') ? '' : v))],
]

const { bigquery, url, seenAfter } = bigquerySetting()

describe('BigQuery with', () => {
  test.for(ROWS)('%s is not believed', async ([, fault]) => {
    bigquery().setFault(fault)
    for (const path of [AREA, SEARCH]) {
      const answer = await told(url() + path)
      expect([path, answer.status]).toEqual([path, 502])
      expect(answer.detail).toMatch(UNREADABLE)
    }
    await seenAfter()
  })

  test.for<readonly [string, (second: Page) => unknown, RegExp]>([
    ['breaks off', (second) => JSON.stringify(second).slice(0, -40), NONSENSE],
    ['names the page before it', (second) => ({ ...second, pageToken: '3' }), NONSENSE],
    ['holds other columns', (second) => ({ ...second, rows: [{ f: [] }] }), UNREADABLE],
  ])('a second page of rows that %s gives no half answer', async ([, edit, says]) => {
    let asked = 0
    bigquery().setFault(
      pages((body) =>
        ++asked === 1 ? { ...body, rows: body.rows.slice(0, 3), pageToken: '3' } : edit(body),
      ),
    )
    const answer = await told(url() + AREA)
    expect(answer.status).toBe(502)
    expect(answer.detail).toMatch(says)
    await seenAfter()
  })
})
