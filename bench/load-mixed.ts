import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { withBands } from './colour-world.ts'
import { heading, say } from './figures.ts'
import type { Crowd, CrowdKind, Tally } from './load-crowd.ts'
import { type Phase, reportMixed, SPARE_DESCRIPTORS } from './load-report.ts'
import { heldBy, settled, watchServer } from './load-watch.ts'
import { CLIENTS, LATENCY_MS, type LoadWorld, openLoadWorld, remember, wake } from './load-world.ts'
import type { Started } from './processes.ts'

type Heavy = keyof typeof CLIENTS
const HEAVY: readonly Heavy[] = ['remembered', 'cold', 'rank']
/** What part of the time each phase takes: the steady client by itself, each crowd, all at once. */
const SHARES = { steady: 0.05, remembered: 0.12, cold: 0.12, rank: 0.16, all: 0.55 } as const
/** Looks at the server. */
const LOOK_MS = 10_000
/** Listings of the cold crowd are forgotten so often: well before it asks for them again. */
const FORGET_MS = 1000
const QUIET_MS = 15_000
/** Longest wait for connections that are kept for the next request, and for threads that wait for one. */
const SETTLED_MS = 90_000
/** Requests of one phase are none of another's. */
const A_PHASE = 7919
const title = 'load: mixed'

/**
 * 1,000 clients of a remembered answer, 200 of answers that nobody has asked for, 64 that rank granules without
 * colours: each crowd by itself, then all at once, and one steady client of a small box all the time.
 * @param minutes in all
 * @throws where an answer was wrong, late or lost, once all is printed
 */
export async function benchLoadMixed(minutes: number): Promise<void> {
  await withBands(title, async ({ bands }) => {
    const files = [bands.B02_10m.path, bands.B03_10m.path, bands.B04_10m.path]
    const world = await openLoadWorld(LATENCY_MS, files)
    try {
      const server = await world.serve()
      try {
        await remember(server.url)
        await wake(server.url)
        heading(`${title}, ${minutes} minutes`)
        await mixed(world, server, minutes * 60)
      } finally {
        await server.stop()
      }
    } finally {
      await world.close()
    }
  })
}

async function mixed(world: LoadWorld, server: Started, seconds: number): Promise<void> {
  await sleep(QUIET_MS)
  const before = await heldBy(server)
  const watching = watchServer(server, Math.min(LOOK_MS, (seconds * 1000) / 30))
  const forgetting = forgetCold(world.store)
  const steady = crowd({ kind: 'steady', url: server.url, clients: 1, seconds: 0, from: 0 })
  // It is awaited at the end; a failure before then is told there.
  steady.tally.catch(() => undefined)
  const phases: Phase[] = []
  try {
    phases.push(await phaseOf(world, [], () => sleep(seconds * SHARES.steady * 1000)))
    for (const kind of HEAVY)
      phases.push(await rush(world, server, [kind], seconds * SHARES[kind], phases.length))
    phases.push(await rush(world, server, HEAVY, seconds * SHARES.all, phases.length))
  } finally {
    forgetting.stop()
    steady.stop()
  }
  const held = watching.stop()
  const tally = await steady.tally
  await sleep(QUIET_MS)
  const after = await settled(server, before.descriptors + SPARE_DESCRIPTORS, SETTLED_MS)
  const bad = reportMixed({ phases, steady: tally, held, before, after })
  if (server.complaints() !== '') say(`The server wrote, at the end: ${server.complaints().slice(-1000)}`)
  if (bad.length > 0) throw new Error(`Answers were wrong, late or lost: ${bad.join('; ')}.`)
}

const rush = (
  world: LoadWorld,
  { url }: Started,
  kinds: readonly Heavy[],
  seconds: number,
  phase: number,
): Promise<Phase> =>
  phaseOf(world, kinds, () =>
    Promise.all(
      kinds.map((kind) => crowd({ kind, url, clients: CLIENTS[kind], seconds, from: phase * A_PHASE }).tally),
    ),
  )

async function phaseOf(
  world: LoadWorld,
  kinds: readonly Heavy[],
  run: () => Promise<readonly Tally[] | undefined>,
): Promise<Phase> {
  const [from, lists] = [Date.now(), await world.lists()]
  const tallies = (await run()) ?? []
  const crowds = new Map<CrowdKind, Tally>(
    kinds.flatMap((kind, n) => {
      const tally = tallies[n]
      return tally ? [[kind, tally] as const] : []
    }),
  )
  // Who has asked gets an answer, some time after the last has begun to ask.
  const until = Date.now()
  return { kinds, from, until, lists: (await world.lists()) - lists, crowds }
}

function crowd(what: Crowd): { readonly tally: Promise<Tally>; stop(): void } {
  const file = join(import.meta.dirname, 'load-crowd.ts')
  const options = { maxBuffer: 2 ** 28 }
  const running = promisify(execFile)(process.execPath, [file, JSON.stringify(what)], options)
  return {
    tally: running.then(({ stdout }) => asTally(JSON.parse(stdout))),
    stop: () => running.child.stdin?.end(),
  }
}

/** Deletes what the service has listed since now, as another process that shares its store. */
function forgetCold(store: string): { stop(): void } {
  const db = new DatabaseSync(store, { timeout: 5000 })
  db.exec('CREATE TEMP TABLE kept AS SELECT listed FROM listing')
  const forget = db.prepare('DELETE FROM listing WHERE listed NOT IN (SELECT listed FROM kept)')
  const timer = setInterval(() => forget.run(), FORGET_MS)
  return {
    stop: () => {
      clearInterval(timer)
      db.close()
    },
  }
}

/** bench/load-crowd.ts prints it. */
const asTally = (json: unknown): Tally => json as Tally
