import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { heading, say, table, targets } from './figures.ts'
import type { Shot } from './load-cannon.ts'
import { notOurs, profileOf, type Shares } from './load-profile.ts'
import {
  LARGE_LINKS,
  type LoadWorld,
  largePath,
  openLoadWorld,
  remember,
  SMALL_LINKS,
  smallPath,
} from './load-world.ts'
import { type Started, startServer } from './processes.ts'

const CLIENTS = [1, 32, 256, 1000] as const
const ANSWERS = {
  large: { path: largePath(), title: `/area remembered, ${LARGE_LINKS} links` },
  small: { path: smallPath(), title: `a small box, ${SMALL_LINKS} links` },
} as const
type Answer = keyof typeof ANSWERS
const SERVERS = {
  swath: 'swath',
  hono: 'the same bytes by @hono/node-server',
  node: 'the same bytes by node:http',
}
type Server = keyof typeof SERVERS
const [ANSWER_NAMES, SERVER_NAMES]: [Answer[], Server[]] = [
  ['large', 'small'],
  ['swath', 'hono', 'node'],
]
/** Clients while the time is looked at. */
const PROFILED = 32

type Row = { readonly answer: Answer; readonly server: Server; readonly clients: number; readonly shot: Shot }

/**
 * Requests a second and their times for 1 to 1,000 clients, each with an address of its own, beside bare servers
 * that send the same bytes, and where the time goes.
 * @param seconds of each row
 * @throws where an answer was wrong, late or lost, once all is printed
 */
export async function benchLoadAlone(seconds: number): Promise<void> {
  const world = await openLoadWorld(0)
  const folder = await mkdtemp(join(tmpdir(), 'swath-load-'))
  let bad: readonly string[] = []
  try {
    const rows: Row[] = []
    const swath = await world.serve()
    try {
      await remember(swath.url)
      for (const answer of ANSWER_NAMES) rows.push(...(await shots(folder, swath, answer, seconds)))
      const crowded = await shoot(swath.url + ANSWERS.small.path, { clients: 1000, seconds, addresses: 1 })
      bad = report(rows, crowded)
      if (swath.complaints() !== '') say(`The server wrote, at the end: ${swath.complaints().slice(-1000)}`)
    } finally {
      await swath.stop()
    }
    const shares = new Map<Answer, Shares>()
    for (const answer of ANSWER_NAMES) shares.set(answer, await profiled(world, answer, seconds))
    reportShares(shares)
    if (bad.length > 0) throw new Error(`Answers were wrong, late or lost: ${bad.join('; ')}.`)
  } finally {
    await world.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** All three servers by turns for each number of clients, so that a noisy minute strikes them alike. */
async function shots(folder: string, swath: Started, answer: Answer, seconds: number): Promise<Row[]> {
  const { path } = ANSWERS[answer]
  const file = join(folder, answer)
  await writeFile(file, Buffer.from(await (await fetch(swath.url + path)).arrayBuffer()))
  const peer = (kind: string) => startServer(['bench/load-peer.ts', '--kind', kind, '--file', file])
  const servers = { swath, hono: await peer('hono'), node: await peer('node') }
  const rows: Row[] = []
  try {
    for (const clients of CLIENTS) {
      for (const server of SERVER_NAMES) {
        const shot = await shoot(servers[server].url + path, { clients, seconds, addresses: clients })
        rows.push({ answer, server, clients, shot })
      }
    }
    return rows
  } finally {
    await servers.hono.stop()
    await servers.node.stop()
  }
}

type Aimed = { readonly clients: number; readonly seconds: number; readonly addresses: number }

async function shoot(url: string, aimed: Aimed): Promise<Shot> {
  // Of what is asked for alone, and is what `remember` has looked at.
  const bytes = (await (await fetch(url)).arrayBuffer()).byteLength
  const numbers = Object.entries({ ...aimed, bytes }).flatMap(([name, n]) => [`--${name}`, String(n)])
  const file = join(import.meta.dirname, 'load-cannon.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [file, '--url', url, ...numbers])
  return asShot(JSON.parse(stdout))
}

const profiled = (world: LoadWorld, answer: Answer, seconds: number): Promise<Shares> =>
  profileOf(
    (flags) => world.serve({}, flags),
    async ({ url }) => {
      await remember(url)
      await shoot(url + ANSWERS[answer].path, { clients: PROFILED, seconds, addresses: PROFILED })
    },
  )

/** Returns what may not be, as clauses. */
function report(rows: readonly Row[], crowded: Shot): readonly string[] {
  for (const answer of ANSWER_NAMES) {
    heading(`load: ${ANSWERS[answer].title}`)
    table(
      ['clients', '', 'answers a second', 'p50 ms', 'p99 ms', 'answers'],
      rows
        .filter((row) => row.answer === answer)
        .map(({ clients, server, shot }) => [clients, SERVERS[server], ...figures(shot)]),
    )
  }
  say(
    'Clients are connections of autocannon in a process of its own, each from an address of its own as ' +
      'X-Forwarded-For tells it (SWATH_TRUSTED_PROXIES=1): one address may have 250 requests under way. When the ' +
      'time is up each client has one request on its way, whose end is not seen. What a ' +
      'single address gets for 1,000 small boxes at once:',
  )
  console.log()
  table(['answers a second', 'p50 ms', 'p99 ms', 'answers'], [figures(crowded)])
  const ours = [...rows.filter(({ server }) => server === 'swath').map(({ shot }) => shot), crowded]
  const bad = [...new Set(ours.flatMap(faultsOf))]
  const ratios = CLIENTS.map((clients) => {
    const rate = (server: Server) =>
      rows.find((row) => row.answer === 'large' && row.server === server && row.clients === clients)?.shot
        .answersASecond ?? Number.NaN
    return rate('swath') / rate('hono')
  })
  targets([
    {
      wanted: 'no answer but 200, and 429 or 503 that tell when to come back; none lost or late',
      reached: bad.length === 0 ? 'none' : bad.join('; '),
      holds: bad.length === 0,
    },
    {
      wanted: 'clients with an address of their own are not refused',
      reached: ours.slice(0, -1).every(({ statuses }) => Object.keys(statuses).join() === '200')
        ? 'none'
        : 'some',
      holds: ours.slice(0, -1).every(({ statuses }) => Object.keys(statuses).join() === '200'),
    },
  ])
  say(
    `${LARGE_LINKS} links, of the rate of ready bytes by @hono/node-server: ` +
      `${ratios.map((ratio, n) => `${(ratio * 100).toFixed(0)} % with ${CLIENTS[n]}`).join(', ')}.`,
  )
  return bad
}

const figures = ({ answersASecond, p50, p99, statuses }: Shot): string[] => [
  answersASecond.toFixed(0),
  p50?.toFixed(1) ?? '–',
  p99?.toFixed(1) ?? '–',
  Object.entries(statuses)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', '),
]

/** What may not be, as clauses. */
function faultsOf({ statuses, blunt, odd, errors, timeouts, lost }: Shot): string[] {
  const strange = Object.entries(statuses).filter(([status]) => !['200', '429', '503'].includes(status))
  const counts = {
    'without Retry-After': blunt,
    'of another length': odd,
    'connections failed': errors,
    timeouts,
    lost,
  }
  return [
    ...strange.map(([status, count]) => `${count} × ${status}`),
    ...Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : [])),
  ]
}

function reportShares(shares: ReadonlyMap<Answer, Shares>): void {
  heading(`load: where the main thread’s time goes, ${PROFILED} clients`)
  const owners = [...new Set([...shares.values()].flatMap((of) => [...of.keys()]))]
  const percent = (share: number | undefined) => `${((share ?? 0) * 100).toFixed(1)} %`
  const most = (owner: string) =>
    Math.max(...ANSWER_NAMES.map((answer) => shares.get(answer)?.get(owner) ?? 0))
  table(
    ['whose code', ...ANSWER_NAMES.map((answer) => ANSWERS[answer].title)],
    [
      ...owners
        .filter((owner) => most(owner) >= 0.005)
        .map((owner) => [owner, ...ANSWER_NAMES.map((answer) => percent(shares.get(answer)?.get(owner)))]),
      ['**not ours**', ...ANSWER_NAMES.map((answer) => percent(notOurs(shares.get(answer) ?? new Map())))],
    ],
  )
  say(
    'Self time of functions by V8’s profiler, in a run of its own, the start left out; (program) is what runs ' +
      'outside JavaScript: system calls, SQLite, the copying of bytes. Waiting does not count.',
  )
}

/** bench/load-cannon.ts prints it. */
const asShot = (json: unknown): Shot => json as Shot
