import type { BigQuery } from '@google-cloud/bigquery'
import { z } from 'zod'
import { get, Nonsense, readBody } from '../calls/http-answer.ts'
import { messageOf } from '../errors.ts'
import { formatTime } from '../sentinel2/time.ts'
import { NoCredentials } from './bigquery-faults.ts'

/** Values of a query's parameters by name; of TIMESTAMP parameters, microseconds. */
export type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>

/*
 * Single calls of BigQuery's REST API (cloud.google.com/bigquery/docs/reference/rest/v2), with the credentials
 * of the official client: it sends what it is given and knows no deadline, so reading is done by calls of our own.
 */

/** BigQuery cuts a page at 20 MB or before. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024

const pageForm = z.object({
  jobComplete: z.boolean(),
  schema: z.object({ fields: z.array(z.object({ name: z.string() })) }).optional(),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.string().nullable() })) })).default([]),
  pageToken: z.string().min(1).optional(),
})
export type ResultPage = z.infer<typeof pageForm>

export type PageOfJob = {
  readonly project: string
  readonly job: string
  readonly location: string | undefined
  readonly token: string | undefined
  readonly maxResults: number
  /** Milliseconds that the server may wait for the job. */
  readonly timeoutMs: number
}

/** jobs.getQueryResults; timestamps come as whole microseconds. */
export async function resultPage(
  client: BigQuery,
  { project, job, location, token, maxResults, timeoutMs }: PageOfJob,
  signal: AbortSignal,
): Promise<ResultPage> {
  const asked = new URLSearchParams({
    'formatOptions.useInt64Timestamp': 'true',
    maxResults: String(maxResults),
    timeoutMs: String(timeoutMs),
  })
  if (location !== undefined) asked.set('location', location)
  if (token !== undefined) asked.set('pageToken', token)
  const page = pageForm.safeParse(
    await read(client, `${encodeURIComponent(project)}/queries/${job}?${asked}`, signal),
  )
  if (!page.success) throw new Nonsense('It is no page of rows.', { cause: page.error })
  return page.data
}

const tableForm = z.object({
  schema: z.object({ fields: z.array(z.object({ name: z.string() })) }).default({ fields: [] }),
  clustering: z.object({ fields: z.array(z.string()) }).default({ fields: [] }),
  numBytes: z.string().regex(/^\d+$/).transform(Number).optional(),
})

/** What a table says of itself. */
export type TableFacts = {
  readonly columns: readonly string[]
  /** Columns that it is clustered by, the first one first; none where it is not. */
  readonly clustering: readonly string[]
  /** Undefined of a view. */
  readonly bytes: number | undefined
}

/** tables.get: what it answers bills nothing. @param name `project.dataset.table`, a project may hold dots */
export async function tableFacts(client: BigQuery, name: string, signal: AbortSignal): Promise<TableFacts> {
  const [, project = '', dataset, table] = /^(.+)\.([^.]+)\.([^.]+)$/.exec(name) ?? []
  const said = tableForm.safeParse(
    await read(client, `${encodeURIComponent(project)}/datasets/${dataset}/tables/${table}`, signal),
  )
  if (!said.success) throw new Nonsense('It is no table.', { cause: said.error })
  const { schema, clustering, numBytes } = said.data
  return { columns: schema.fields.map(({ name }) => name), clustering: clustering.fields, bytes: numBytes }
}

async function read(client: BigQuery, path: string, signal: AbortSignal): Promise<unknown> {
  const url = `${client.baseUrl}/projects/${path}`
  const headers = await authorized(client, url)
  return parseJson((await readBody(await get(url, headers, signal), MAX_PAGE_BYTES)).toString())
}

const insertedForm = z.object({
  jobReference: z.object({ location: z.string().optional() }).optional(),
  statistics: z.object({ totalBytesProcessed: z.string().regex(/^\d+$/) }).optional(),
})
export type Inserted = z.infer<typeof insertedForm>

/** jobs.insert, not through createQueryJob: that ends the process where an answer is not what it expects. */
export async function insertJob(client: BigQuery, json: object): Promise<Inserted> {
  await authorized(client, client.baseUrl)
  const answer = await new Promise<unknown>((resolve, reject) => {
    client.request({ method: 'POST', uri: '/jobs', json }, (failure: unknown, body: unknown) =>
      failure ? reject(asNonsense(failure)) : resolve(body),
    )
  })
  const inserted = insertedForm.safeParse(answer)
  if (!inserted.success) throw new Nonsense('It is no job.', { cause: inserted.error })
  return inserted.data
}

/** Google's headers for a call, a token among them; without this the client calls on where it finds none. */
async function authorized(client: BigQuery, url: string): Promise<Headers> {
  try {
    return new Headers(await client.authClient.getRequestHeaders(url))
  } catch (cause) {
    throw new NoCredentials(messageOf(cause), { cause })
  }
}

/** Where the client cannot read an answer of 2xx as JSON, it fails with the parser's error. */
const asNonsense = (failure: unknown): unknown =>
  failure instanceof SyntaxError ? new Nonsense('It is no JSON.', { cause: failure }) : failure

/**
 * A query and its parameters in the terms of the REST API (jobs, QueryParameter), the types from the header
 * of the query's file: a line `-- @name TYPE` for each parameter.
 */
export function bind(sql: string, values: Values) {
  const queryParameters = [...sql.matchAll(/^-- @(\w+) +(?:ARRAY<(\w+)>|(\w+))/gm)].map(
    ([, name = '', item, scalar]) => {
      const value = values[name]
      if (value === undefined) throw new Error(`The query's parameter @${name} has no value.`)
      const parameterType =
        item === undefined ? { type: scalar } : { type: 'ARRAY', arrayType: { type: item } }
      const parameterValue = Array.isArray(value)
        ? { arrayValues: value.map((each: string) => ({ value: each })) }
        : { value: scalar === 'TIMESTAMP' ? formatTime(Number(value)) : String(value) }
      return { name, parameterType, parameterValue }
    },
  )
  return { query: sql, useLegacySql: false, parameterMode: 'NAMED', queryParameters }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new Nonsense('It is no JSON.', { cause })
  }
}
