import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { z } from 'zod'
import { type BigQueryFault, type BigQueryServer, startBigQueryServer } from '../stand-ins/bigquery-server.ts'
import { TABLE } from '../stand-ins/open-bigquery.ts'
import { BOX, type Faulty, readToEnd, SAMPLE, serveSample, wellAgain } from './upstream.ts'

export const AREA = `/area?${BOX}`
export const SEARCH = '/stac/search?bbox=11,54,15,57'

/** The service over the sample whose catalog is a stand-in for BigQuery, for a whole test file. */
export function bigquerySetting() {
  let bigquery: BigQueryServer | undefined
  let service: Faulty | undefined
  let whole = ''
  const there = <T>(one: T | undefined): T => {
    if (one === undefined) throw new Error('Nothing is served before the tests begin.')
    return one
  }
  const serve = (env: Readonly<Record<string, string>> = {}) =>
    serveSample({
      SWATH_CATALOG: 'bigquery',
      SWATH_BIGQUERY_ENDPOINT: there(bigquery).url,
      SWATH_GOOGLE_PROJECT: 'swath-test',
      SWATH_STORAGE: `folder:${join(SAMPLE, 'bucket')}`,
      SWATH_DEADLINE_MS: '5000',
      ...env,
    })
  beforeAll(async () => {
    bigquery = await startBigQueryServer({ tables: { [TABLE]: { csv: [join(SAMPLE, 'index.csv')] } } })
    service = await serve()
    whole = (await readToEnd(service.url + AREA)).text
    expect(JSON.parse(whole)).toHaveLength(35)
  })
  afterAll(async () => {
    await service?.close()
    await bigquery?.close()
  })

  return {
    serve,
    bigquery: () => there(bigquery),
    url: () => there(service).url,
    /** Once the fault is over: the same answer as ever, and nothing of it is left running. */
    seenAfter: async () => {
      const { setFault, jobs } = there(bigquery)
      setFault(undefined)
      const { url } = there(service)
      await wellAgain(url)
      for (let n = 0; n < 3; n++) expect((await readToEnd(url + AREA)).text).toBe(whole)
      expect(jobs().filter(({ state, cancelled }) => state === 'RUNNING' && !cancelled)).toEqual([])
    },
  }
}

const page = z.looseObject({
  rows: z.array(z.object({ f: z.array(z.object({ v: z.string().nullable() })) })),
  schema: z.unknown(),
})
export type Page = z.infer<typeof page>
/** Every page of rows as it is made of the right one; text is sent as it stands. */
export const pages = (edit: (page: Page) => unknown): BigQueryFault => ({
  kind: 'edited',
  at: 'results',
  edit: (body) => {
    const read = page.safeParse(body)
    return read.success ? edit(read.data) : body
  },
})
export const cells = (make: (text: string | null, column: number) => unknown): BigQueryFault =>
  pages((body) => ({
    ...body,
    rows: body.rows.map(({ f }) => ({ f: f.map(({ v }, i) => ({ v: make(v, i) })) })),
  }))
