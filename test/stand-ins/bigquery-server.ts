import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Answer,
  bodyOptions,
  errorAnswer,
  jobResource,
  notFound,
  ok,
  refusal,
  results,
  tableResource,
} from './bigquery-answers.ts'
import { QueryError } from './bigquery-dialect.ts'
import { type Job, type JobStore, type JobTrouble, jobForm, jobStore, type SeenJob } from './bigquery-jobs.ts'
import { loadTables, type TableSource, type Tables } from './bigquery-tables.ts'

export type BigQueryServerOptions = {
  /** By `project.dataset.table`. */
  readonly tables: Readonly<Record<string, TableSource>>
  /** Where jobs run; outside US and EU a call about a job must name it. */
  readonly location?: string
  /** Milliseconds from each request to its answer. */
  readonly latencyMs?: number
  readonly port?: number
}

/** What a call is about. */
export type Call = 'insert' | 'results' | 'cancel' | 'table'

/** What goes wrong with a call; `lost` is carried out, and its answer never arrives. */
export type CallTrouble =
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly reason: string
      readonly retryAfter?: number
    }
  | { readonly kind: 'hang' | 'reset' | 'lost' | 'cut' | 'nonsense' }
  /** The answer as it is made of this one, its status 200; a string is sent as it stands. */
  | { readonly kind: 'edited'; readonly edit: (body: unknown) => unknown }

export type BigQueryFault =
  | JobTrouble
  /** Every call with another token than this one is refused. */
  | { readonly kind: 'tokens'; readonly valid: string }
  | (CallTrouble & {
      readonly at: Call
      /** Calls that fail before the next ones fare well; all of them where it is not given. */
      readonly times?: number
    })

export type BigQueryServer = {
  readonly url: string
  jobs(): SeenJob[]
  /** Calls so far, `GET results` and the like, in the order they came. */
  calls(): readonly Call[]
  setFault(fault: BigQueryFault | undefined): void
  close(): Promise<void>
}

/**
 * A loopback server that answers as the REST API of BigQuery does (cloud.google.com/bigquery/docs/reference/
 * rest/v2): jobs.insert, get, query, getQueryResults, cancel and tables.get. Queries run in DuckDB.
 */
export async function startBigQueryServer(options: BigQueryServerOptions): Promise<BigQueryServer> {
  const tables = await loadTables(options.tables)
  const store = jobStore(tables)
  const sockets = new Set<Socket>()
  const calls: Call[] = []
  let fault: BigQueryFault | undefined
  let left = 0

  const troubleFor = (call: Call): CallTrouble | undefined => {
    if (fault === undefined || !('at' in fault) || fault.at !== call || left <= 0) return undefined
    left--
    return fault
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = parseTarget(request, tables, store, options.location ?? 'US', () => fault)
    if (asked) calls.push(asked.call)
    const trouble = asked && troubleFor(asked.call)
    if (fault?.kind === 'tokens' && request.headers.authorization !== `Bearer ${fault.valid}`)
      return send(response, refusal({ status: 401, reason: 'required' }))
    if (options.latencyMs) await sleep(options.latencyMs)
    if (trouble?.kind === 'hang') return
    if (trouble?.kind === 'reset') return request.socket.resetAndDestroy()
    if (trouble?.kind === 'refuse') return send(response, refusal(trouble), trouble.retryAfter)
    const answer = asked ? await asked.answer(await readJson(request)).catch(errorAnswer) : notFound()
    if (trouble?.kind === 'lost') return request.socket.resetAndDestroy()
    if (trouble?.kind === 'nonsense') return send(response, { status: 200, body: '<html>hello</html>' })
    if (trouble?.kind === 'edited') {
      return send(response, { status: 200, body: trouble.edit(answer.body) })
    }
    if (trouble?.kind !== 'cut') return send(response, answer)
    const text = JSON.stringify(answer.body)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
    response.write(text.slice(0, text.length / 2), () => request.socket.destroy())
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((thrown: unknown) => {
      // A client that hung up has no use for an answer.
      if (!request.socket.destroyed) send(response, { status: 500, body: String(thrown) })
    })
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined

  return {
    url: `http://127.0.0.1:${port}`,
    jobs: store.seen,
    calls: () => calls,
    setFault(next) {
      fault = next
      left = next && 'at' in next ? (next.times ?? Number.POSITIVE_INFINITY) : 0
    },
    async close() {
      store.stop()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      tables.database.closeSync()
    },
  }
}

type Target = { readonly call: Call; answer(body: unknown): Promise<Answer> }

function parseTarget(
  request: IncomingMessage,
  tables: Tables,
  store: JobStore,
  location: string,
  fault: () => BigQueryFault | undefined,
): Target | undefined {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const [, project = '', path = ''] = /^\/bigquery\/v2\/projects\/([^/]+)\/(.+)$/.exec(url.pathname) ?? []
  const jobTrouble = () => {
    const now = fault()
    return now && !('at' in now) && now.kind !== 'tokens' ? now : undefined
  }
  const jobOf = (id: string): Job => {
    const job = store.find(id)
    const where = url.searchParams.get('location') ?? 'US'
    if (job && (where === location || location === 'US' || location === 'EU')) return job
    throw new QueryError(404, 'notFound', `Not found: Job ${project}:${where}.${id}`)
  }
  const resource = (job: Job) => jobResource(job, project, location)
  const route = `${request.method} ${path}`

  if (route === 'POST jobs') {
    const answer = async (body: unknown) =>
      ok(resource(await store.insert(jobForm.parse(body), jobTrouble())))
    return { call: 'insert', answer }
  }
  if (route === 'POST queries') {
    const answer = async (body: unknown) => {
      const job = await store.insert(jobForm.parse({ configuration: { query: body } }), jobTrouble())
      return results(job, project, location, new URLSearchParams(bodyOptions(body)))
    }
    return { call: 'insert', answer }
  }
  const [, cancelled = ''] = /^POST jobs\/([^/]+)\/cancel$/.exec(route) ?? []
  if (cancelled) {
    const answer = async () => {
      store.cancel(jobOf(cancelled))
      return ok({ kind: 'bigquery#jobCancelResponse', job: resource(jobOf(cancelled)) })
    }
    return { call: 'cancel', answer }
  }
  const [, described = ''] = /^GET jobs\/([^/]+)$/.exec(route) ?? []
  if (described) return { call: 'results', answer: async () => ok(resource(jobOf(described))) }
  const [, read = ''] = /^GET queries\/([^/]+)$/.exec(route) ?? []
  if (read)
    return { call: 'results', answer: () => results(jobOf(read), project, location, url.searchParams) }
  const [, dataset, table] = /^GET datasets\/([^/]+)\/tables\/([^/]+)$/.exec(route) ?? []
  if (table)
    return { call: 'table', answer: async () => tableResource(tables, `${project}.${dataset}.${table}`) }
  return undefined
}

function send(response: ServerResponse, { status, body }: Answer, retryAfter?: number): void {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}
