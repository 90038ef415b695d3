import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { quantile } from './figures.ts'

/*
 * autocannon in a process of its own, so that its CPU is not the server's:
 *   node bench/load-cannon.ts --url URL --clients N --seconds S --addresses N --bytes N
 * Clients say in X-Forwarded-For that they come from so many addresses, in turn. A whole body has so many
 * bytes, all of ASCII. Prints a Shot as JSON.
 */

export type Shot = {
  /** Of answers with 200. */
  readonly answersASecond: number
  /** Milliseconds; null where there was none. */
  readonly p50: number | null
  readonly p99: number | null
  /** Answers by their status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Refusals (429, 503) that do not tell when to come back. */
  readonly blunt: number
  /** Answers with 200 whose body is not as long as it is to be. */
  readonly odd: number
  /** Connections that failed, requests without an answer in 60 seconds, and requests that were lost but for the last one of a client. */
  readonly errors: number
  readonly timeouts: number
  readonly lost: number
}

async function shoot(): Promise<Shot> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      clients: { type: 'string' },
      seconds: { type: 'string' },
      addresses: { type: 'string' },
      bytes: { type: 'string' },
    },
  })
  const [clients, addresses] = [Number(values.clients), Number(values.addresses)]
  const took: number[] = []
  const statuses: Record<string, number> = {}
  let [count, blunt, odd, answered] = [0, 0, 0, 0]
  const setupClient = (client: autocannon.Client) => {
    const n = count++ % addresses
    client.setHeaders({ 'X-Forwarded-For': `10.9.${n >> 8}.${n & 255}` })
    client.on('headers', (head) => {
      if (isRefusal(head.statusCode) && !/^retry-after$/im.test(namesOf(head.headers))) blunt++
    })
  }
  const options = {
    url: values.url ?? '',
    connections: clients,
    duration: Number(values.seconds),
    timeout: 60,
    // Called for the answer whose status was told just before.
    verifyBody: (body: autocannon.Request['body']) => {
      if (answered === 200 && body?.length !== Number(values.bytes)) odd++
      return true
    },
  }
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon({ ...options, setupClient }, (error, all) =>
      error ? reject(error) : resolve(all),
    )
    run.on('response', (_client, status, _bytes, ms) => {
      answered = status
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status === 200) took.push(ms)
    })
  })
  const answers = Object.values(statuses).reduce((sum, n) => sum + n, 0)
  return {
    answersASecond: took.length / result.duration,
    p50: took.length > 0 ? quantile(took, 0.5) : null,
    p99: took.length > 0 ? quantile(took, 0.99) : null,
    statuses,
    blunt,
    odd,
    errors: result.errors - result.timeouts,
    timeouts: result.timeouts,
    // At the end each client has one under way, and whether that would be answered is not seen.
    lost: Math.max(0, result.requests.sent - answers - result.errors - clients),
  }
}

const isRefusal = (status: unknown): boolean => status === 429 || status === 503

/** Names and values by turns, as the parser gives them. */
const namesOf = (headers: unknown): string =>
  Array.isArray(headers) ? headers.filter((_, n) => n % 2 === 0).join('\n') : ''

if (import.meta.main) console.log(JSON.stringify(await shoot()))
