import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Running, startShell, startSwath } from '../cli/swath.ts'

/*
 * The service as a process of its own, asked from outside, and what its store holds behind its back.
 */

export type Service = Running & {
  readonly url: string
  readonly pid: number
  /** Status and text of an answer; undefined where the connection was refused or cut. */
  ask(path: string): Promise<{ readonly status: number; readonly text: string } | undefined>
  /** What /readyz tells. @throws where it fails */
  ready(): Promise<Ready>
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>
  /** Ends it as a stop of the machine does; gives what it wrote to stderr. */
  stop(): Promise<{ readonly code: number | null; readonly stderr: string }>
}

const ready = z.object({
  status: z.literal('ready'),
  colours: z.object({ remembered: z.int(), made: z.int(), failed: z.int(), inFlight: z.int() }),
  decoding: z.object({ threads: z.int(), started: z.int(), busy: z.int(), replaced: z.int() }),
  listings: z.object({ hits: z.int(), misses: z.int(), stale: z.int() }),
  upstreams: z.object({ storage: z.object({ state: z.string(), opened: z.int() }) }),
  store: z.object({
    listings: z.int(),
    colours: z.int(),
    failed: z.int(),
    lastFailure: z.string().optional(),
    failing: z.literal(true).optional(),
  }),
  index: z.object({ levels: z.record(z.string(), z.object({ age_days: z.number() }).nullable()) }).nullable(),
})
export type Ready = z.infer<typeof ready>

/** Tests leave services behind where they fail. */
const started: Running[] = []

export async function killServices(): Promise<void> {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
}

/**
 * Starts `swath serve` at a free port and waits until it listens.
 * @param before lines of the shell that come first: `ulimit -n 64`
 */
export async function serve(env: Readonly<Record<string, string>>, before = ''): Promise<Service> {
  const all = { PORT: '0', ...env }
  const running = before ? startShell(`${before}; exec ${SERVE}`, all) : startSwath(['serve'], all)
  started.push(running)
  await running.saw('swath is serving on')
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.shown())?.[0]
  if (url === undefined) throw new Error(`It did not come to serve: ${(await running.ended).stderr}`)
  const ask: Service['ask'] = async (path) => {
    try {
      const answer = await fetch(url + path, { headers: { connection: 'close' } })
      return { status: answer.status, text: await answer.text() }
    } catch {
      return undefined
    }
  }
  return {
    ...running,
    url,
    pid: running.child.pid ?? 0,
    ask,
    ready: async () => {
      const { status, text } = (await ask('/readyz')) ?? {}
      if (status !== 200) throw new Error(`/readyz says ${status}: ${text}`)
      return ready.parse(JSON.parse(text ?? ''))
    },
    metric: async (name) => {
      const { text = '' } = (await ask('/metrics')) ?? {}
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
    },
    stop: async () => {
      running.child.kill('SIGTERM')
      return running.ended
    },
  }
}

const SERVE = `"${process.execPath}" "${new URL('../../src/main.ts', import.meta.url).pathname}" serve`

/** The store of a file, looked at while others may have it open: whether it is whole, and its colours. */
export function storeIn(file: string): { readonly integrity: unknown; readonly colours: number } {
  const db = new DatabaseSync(file, { timeout: 5000 })
  try {
    const integrity = db.prepare('PRAGMA integrity_check').get()?.integrity_check
    const { held, told } = { ...db.prepare(COUNTS).get() }
    if (held !== told) throw new Error(`${held} colours, and the tally tells ${told}.`)
    return { integrity, colours: Number(held) }
  } finally {
    db.close()
  }
}

const COUNTS = `SELECT (SELECT count(*) FROM colour) AS held,
  coalesce((SELECT rows FROM tally WHERE name = 'colour'), 0) AS told`

export const ONLY_ROOT = 'only root can mount a small disk'

/** A disk of so many KiB at a folder; false where only others may mount one. */
export function smallDisk(folder: string, kib: number): boolean {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'none', folder])
  return status === 0
}

export const unmount = (folder: string): void => void spawnSync('umount', ['-l', folder])

export const NO_CHILDREN = 'the system tells no children of a process'

/** The children of a process; undefined where the system does not tell. */
export function childrenOf(pid: number): number[] | undefined {
  const file = `/proc/${pid}/task/${pid}/children`
  if (existsSync(file)) return readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  return undefined
}

/** Waits until something holds; gives whether it came to. */
export async function comesTrue(holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<boolean> {
  const began = performance.now()
  while (performance.now() - began < ms) {
    if (await holds()) return true
    await sleep(20)
  }
  return false
}
