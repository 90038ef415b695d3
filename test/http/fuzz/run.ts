import { setTimeout as sleep } from 'node:timers/promises'
import { type Asked, askedOf } from './asked.ts'
import { complaintsOf } from './complaints.ts'
import { knownOf } from './known.ts'
import { operationsOf } from './operations.ts'
import { repeated } from './repeated.ts'
import type { Memory, Service } from './service.ts'
import { shrunk } from './shrink.ts'
import { bytesOf, type Line, openLine } from './wire.ts'

export type Fuzzed = {
  /** A sentence for each kind of fault, with the lines that repeat it. */
  readonly faults: readonly string[]
  /** Requests by status. */
  readonly statuses: Readonly<Record<string, number>>
  readonly tookMs: readonly number[]
  /** What was left after each round, when no connection was open any more. */
  readonly memory: readonly Memory[]
  /** The same of open files and sockets; undefined where the system does not tell. */
  readonly descriptors: readonly (number | undefined)[]
}

export type Fuzzing = {
  readonly seed: string
  readonly count: number
  /** Looks at the memory, evenly over all. */
  readonly rounds: number
}

const LINES = 6
/** Of an answer with nobody else asking. */
const LONG_MS = 5000
/** Of any: long works give way to all others, and these ask without a pause on cores that others want, too. */
const HANGS_MS = 20_000
/** Kinds of faults after which it is plain that something is wrong. */
const MOST_FAULTS = 8

/** Asks a service whatever can be asked, over several connections at once. */
export async function fuzz(service: Service, { seed, count, rounds }: Fuzzing): Promise<Fuzzed> {
  const operations = operationsOf(await (await fetch(`${service.url}/openapi.json`)).json())
  const known = await knownOf(service.url)
  const faults = new Map<string, string>()
  const statuses: Record<string, number> = {}
  const tookMs: number[] = []
  const memory: Memory[] = []
  const descriptors: (number | undefined)[] = []
  const lines = Array.from({ length: LINES }, () => openLine(service.port))

  const look = async (line: Line, asked: Asked): Promise<readonly string[]> => {
    const answer = await line.ask(bytesOf(asked, service.port), asked.method === 'HEAD', HANGS_MS)
    // What it left unread would be read as a part of the next one.
    if (asked.headers.some(isOfFrame)) line.close()
    tookMs.push(answer.tookMs)
    if ('missing' in answer) {
      return [service.ended() ? `the service ended: ${service.ended()}` : answer.missing]
    }
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    return complaintsOf(asked, answer)
  }

  const note = async (n: number, asked: Asked, complaint: string) => {
    const kind = kindOf(complaint)
    if (faults.has(kind)) return
    faults.set(kind, complaint)
    const line = openLine(service.port)
    const least = await shrunk(asked, async (smaller) =>
      (await look(line, smaller)).some((one) => kindOf(one) === kind),
    )
    line.close()
    const again = repeated(least, bytesOf(least, service.port), service.port)
    faults.set(kind, `${complaint}\n  seed ${seed}, request ${n}; again:\n  ${again}`)
  }

  /** Whoever took long beside others is asked again alone: slow then is the service, and not the crowd. */
  const lookAlone = async (line: Line, asked: Asked): Promise<readonly string[]> => {
    const complaints = await look(line, asked)
    const took = Math.round(tookMs.at(-1) ?? 0)
    return took > LONG_MS ? [...complaints, `long: ${took} ms, and nobody beside it`] : complaints
  }

  let next = 0
  const long: (readonly [number, Asked])[] = []
  for (let round = 1; round <= rounds; round++) {
    const until = Math.round((count * round) / rounds)
    const drain = async (line: Line) => {
      while (next < until && faults.size < MOST_FAULTS && service.ended() === undefined) {
        const n = next++
        const asked = askedOf(seed, n, operations, known)
        const began = performance.now()
        for (const complaint of await look(line, asked)) await note(n, asked, complaint)
        if (performance.now() - began > LONG_MS) long.push([n, asked])
      }
    }
    await Promise.all(lines.map(drain))
    const alone = openLine(service.port)
    for (const [n, asked] of long.splice(0)) {
      for (const complaint of await lookAlone(alone, asked)) await note(n, asked, complaint)
    }
    alone.close()
    for (const line of lines) line.close()
    if (service.ended() !== undefined) break
    memory.push(await service.memory())
    descriptors.push(await settled(service, descriptors.at(-1)))
  }
  return { faults: [...faults.values()], statuses, tookMs, memory, descriptors }
}

const isOfFrame = (line: string): boolean =>
  /^(?:content-length|transfer-encoding|expect|upgrade|connection):/i.test(line)

/** The words before the first colon, and a status behind it. */
const kindOf = (complaint: string): string => /^[^:]*(?:: \d{3}\b)?/.exec(complaint)?.[0] ?? ''

/** Descriptors once there are no more than before, or after some seconds. */
async function settled(service: Service, before: number | undefined): Promise<number | undefined> {
  for (let looks = 0; looks < 60; looks++) {
    await sleep(50)
    const now = service.descriptors()
    if (now === undefined || (before !== undefined && now <= before)) return now
  }
  return service.descriptors()
}
