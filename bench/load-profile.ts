import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Started } from './processes.ts'

/** Share of the main thread's busy time, 0 to 1, by whose code it went into. */
export type Shares = ReadonlyMap<string, number>

/** Only what is used of V8's format: nodes of the call tree, and which was met at each sample, microseconds apart. */
const profileSchema = z.object({
  nodes: z.array(
    z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string() }) }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
})
/** Who waits is not busy. */
const IDLE = '(idle)'
const OURS = 'src/'

/**
 * Where a server's main thread spends its time while it is used.
 * @param start starts the server with the flags that are given
 */
export async function profileOf(
  start: (flags: readonly string[]) => Promise<Started>,
  use: (server: Started) => Promise<void>,
): Promise<Shares> {
  const folder = await mkdtemp(join(tmpdir(), 'swath-profile-'))
  try {
    const server = await start(['--cpu-prof', `--cpu-prof-dir=${folder}`])
    const began = performance.now()
    try {
      await use(server)
    } finally {
      await server.stop()
    }
    const lasted = performance.now() - began
    // Threads write profiles of their own; the main thread's number is 0.
    const file = (await readdir(folder)).find((name) => name.includes(`.${server.pid}.0.`))
    if (file === undefined) throw new Error(`The server left no profile: ${server.complaints()}`)
    const text = await readFile(join(folder, file), 'utf8')
    return sharesOf(profileSchema.parse(JSON.parse(text)), lasted)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What of the busy time is not our own code's, 0 to 1. */
export const notOurs = (shares: Shares): number => 1 - (shares.get(OURS) ?? 0)

/** @param lastMs what lies further back than this from the end is the start of the program */
function sharesOf({ nodes, samples, timeDeltas }: z.infer<typeof profileSchema>, lastMs: number): Shares {
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]))
  const micros = new Map<string, number>()
  let [busy, back] = [0, 0]
  for (let n = samples.length - 1; n >= 0 && back < lastMs * 1000; n--) {
    const [owner, delta] = [owners.get(samples[n] ?? 0) ?? '(program)', timeDeltas[n] ?? 0]
    back += delta
    if (owner === IDLE) continue
    busy += delta
    micros.set(owner, (micros.get(owner) ?? 0) + delta)
  }
  const shares = [...micros].map(([owner, time]) => [owner, time / busy] as const)
  return new Map(shares.toSorted((a, b) => b[1] - a[1]))
}

/** `src/`, `hono`, `node:`, or what V8 names in brackets: the garbage collector, and native code. */
function ownerOf({ functionName, url }: { functionName: string; url: string }): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  const module = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(url)?.[1]
  if (module !== undefined) return module
  return url.startsWith('node:') ? 'node:' : OURS
}
