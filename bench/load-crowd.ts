import { Agent, get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  COLD_GRANULES,
  coldPath,
  LARGE_LINKS,
  largePath,
  RANK_GRANULES,
  rankPath,
  SMALL_LINKS,
  smallPath,
} from './load-world.ts'
import { countLines } from './processes.ts'
import { IMAGES } from './world.ts'

/*
 * Clients of one kind, in a process of their own:
 *   node bench/load-crowd.ts '{"kind":"cold","url":"http://…","clients":200,"seconds":60,"from":0}'
 * They come from a few addresses (X-Forwarded-For). Each asks again once it has its answer, and for the same where
 * it was refused, when it was told to. The steady one asks every 50 ms whatever becomes of the answers, until its
 * stdin ends. Prints a Tally.
 */

export type CrowdKind = 'remembered' | 'cold' | 'rank' | 'steady'
export type Crowd = {
  readonly kind: CrowdKind
  readonly url: string
  readonly clients: number
  readonly seconds: number
  /** Number of the first request: those of `cold` and `rank` ask for another thing each. */
  readonly from: number
}

export type Tally = {
  /** Of whole answers with 200: when they were asked for, milliseconds since 1970, and what they took. */
  readonly answers: readonly (readonly [at: number, ms: number])[]
  readonly refusals: readonly (readonly [at: number, ms: number])[]
  /** Answers by status, and what else became of requests, by its name. */
  readonly statuses: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>
}

export const EVERY_MS = 50
/** Clients of one address: no more than one may have under way. */
export const OF_ONE_ADDRESS = 200
/** Of the steady client, whose requests do not wait for each other. */
const MOST_AT_ONCE = 200
/** Beyond the service's own deadline. */
const PATIENCE_MS = 75_000

const KINDS = {
  remembered: { path: () => largePath(), isWhole: hasLines(LARGE_LINKS), network: 1 },
  cold: { path: coldPath, isWhole: hasLines(COLD_GRANULES * IMAGES), network: 2 },
  rank: { path: rankPath, isWhole: isRanked, network: 3 },
  steady: { path: () => smallPath(), isWhole: hasLines(SMALL_LINKS), network: 4 },
} as const satisfies Record<CrowdKind, object>

async function run({ kind, url, clients, seconds, from }: Crowd): Promise<Tally> {
  const { path, isWhole, network } = KINDS[kind]
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const answers: [number, number][] = []
  const refusals: [number, number][] = []
  const [statuses, errors]: Record<string, number>[] = [{}, {}]
  const count = (of: Record<string, number> | undefined, what: string) => {
    if (of) of[what] = (of[what] ?? 0) + 1
  }
  const end = Date.now() + seconds * 1000
  let next = from

  /** Asks once. Returns the milliseconds after which to come again for the same, 0 where that was answered. */
  const ask = async (client: number, path: string): Promise<number> => {
    const [at, start] = [Date.now(), performance.now()]
    try {
      const headers = { 'X-Forwarded-For': `10.9.${network}.${Math.floor(client / OF_ONE_ADDRESS)}` }
      const { response, pieces } = await answerOf(url + path, headers, agent)
      const took = performance.now() - start
      const status = response.statusCode ?? 0
      count(statuses, String(status))
      if (status === 200) {
        if (isWhole(pieces)) answers.push([at, took])
        else count(errors, 'another body than asked for')
        return 0
      }
      if (status !== 429 && status !== 503) return 1000
      refusals.push([at, took])
      const after = Number(response.headers['retry-after'])
      if (!(after > 0)) count(errors, `${status} without Retry-After`)
      return after > 0 ? after * 1000 : 1000
    } catch (thrown) {
      count(errors, nameOf(thrown))
      return 1000
    }
  }

  const client = async (n: number) => {
    // They do not all come at one moment.
    await sleep(Math.random() * 1000)
    let asked = path(next++)
    while (Date.now() < end) {
      const wait = await ask(n, asked)
      if (wait > 0) await sleep(Math.min(wait, Math.max(0, end - Date.now())))
      else asked = path(next++)
    }
  }

  const steady = async () => {
    const underWay = new Set<Promise<unknown>>()
    let stopped = false
    process.stdin.resume().once('end', () => {
      stopped = true
    })
    while (!stopped) {
      if (underWay.size >= MOST_AT_ONCE) count(errors, `left out, ${MOST_AT_ONCE} were under way`)
      else {
        const asked: Promise<unknown> = ask(0, path(0)).finally(() => underWay.delete(asked))
        underWay.add(asked)
      }
      await sleep(EVERY_MS)
    }
    await Promise.all(underWay)
  }

  if (kind === 'steady') await steady()
  else await Promise.all(Array.from({ length: clients }, (_, n) => client(n)))
  agent.destroy()
  return { answers, refusals, statuses: statuses ?? {}, errors: errors ?? {} }
}

type Answer = { readonly response: IncomingMessage; readonly pieces: readonly Buffer[] }

/** @throws where the connection fails, the body is cut off, or nothing comes to an end in time */
function answerOf(url: string, headers: Record<string, string>, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', () => reject(new Error('body cut off')))
      response.on('end', () => resolve({ response, pieces }))
    })
    const limit = setTimeout(() => {
      reject(new Error(`no end within ${PATIENCE_MS / 1000} s`))
      request.destroy()
    }, PATIENCE_MS)
    request.on('error', reject)
    request.on('close', () => clearTimeout(limit))
  })
}

function hasLines(lines: number) {
  return (pieces: readonly Buffer[]): boolean =>
    pieces.reduce((sum, piece) => sum + countLines(piece), 0) === lines
}

/** All images of all granules, the largest share first, none without a colour. */
function isRanked(pieces: readonly Buffer[]): boolean {
  const lines = Buffer.concat(pieces).toString().trimEnd().split('\n')
  const scores = lines.map((line) => scoreOf(JSON.parse(line)))
  return (
    lines.length === RANK_GRANULES * IMAGES &&
    scores.every((score, n) => score > 0 && score <= (scores[n - 1] ?? Number.POSITIVE_INFINITY))
  )
}

/** Of a line of ours. */
const scoreOf = (line: unknown): number => (line as { score?: number }).score ?? Number.NaN

/** ECONNRESET and the like by their codes. */
const nameOf = (thrown: unknown): string =>
  thrown instanceof Error ? ('code' in thrown ? String(thrown.code) : thrown.message) : String(thrown)

if (import.meta.main) console.log(JSON.stringify(await run(asCrowd(JSON.parse(process.argv[2] ?? '')))))

/** bench/load-mixed.ts writes it. */
function asCrowd(json: unknown): Crowd {
  return json as Crowd
}
