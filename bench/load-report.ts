import { quantile, say, table, targets } from './figures.ts'
import { type CrowdKind, EVERY_MS, OF_ONE_ADDRESS, type Tally } from './load-crowd.ts'
import { type Held, rangeOf, slopeOf } from './load-watch.ts'
import { CLIENTS, COLD_GRANULES, LARGE_LINKS, LATENCY_MS, RANK_GRANULES, SMALL_LINKS } from './load-world.ts'

/** A while in which the same crowds ask. */
export type Phase = {
  readonly kinds: readonly CrowdKind[]
  /** Milliseconds since 1970; until its last answer. */
  readonly from: number
  readonly until: number
  /** That the bucket was asked for. */
  readonly lists: number
  readonly crowds: ReadonlyMap<CrowdKind, Tally>
}

export type Mixed = {
  readonly phases: readonly Phase[]
  readonly steady: Tally
  readonly held: readonly Held[]
  /** Before any crowd, and when all is quiet again. */
  readonly before: Held
  readonly after: Held
}

const NAMES: Readonly<Record<CrowdKind, string>> = {
  remembered: `${CLIENTS.remembered} clients, ${LARGE_LINKS} links remembered`,
  cold: `${CLIENTS.cold} clients, ${COLD_GRANULES} granules each that are listed, ${LATENCY_MS} ms a call`,
  rank: `${CLIENTS.rank} clients, rank of ${RANK_GRANULES} granules without colours`,
  steady: `one client, ${SMALL_LINKS} links every ${EVERY_MS} ms`,
}
const HONEST = ['200', '429', '503']
/** Of the steady client while all others ask, milliseconds. */
const STEADY_P99_MS = 1000
/** MB a minute. */
const MOST_SLOPE = 1
/** More than before, once the time is past for which connections are kept: the look itself has one or two. */
export const SPARE_DESCRIPTORS = 2
/** Share of the granules of cold answers that the bucket was asked for; of others a listing was remembered. */
const LEAST_LISTED = 0.9

/** Returns what may not be, as clauses. */
export function reportMixed({ phases, steady, held, before, after }: Mixed): readonly string[] {
  reportCrowds(phases, steady)
  const last = phases.at(-1)
  const half = held.slice(held.length >> 1)
  reportHeld(phases, held, before, after)
  const bad = [...phases.flatMap(({ crowds }) => [...crowds.values()]), steady].flatMap(faultsOf)
  const unserved = phases.flatMap((phase) => unservedIn(phase, steady))
  const cold = listedIn(phases)
  const together = last ? within(steady.answers, last) : []
  const refused = last ? within(steady.refusals, last).length : 0
  const p99 = quantile(together, 0.99)
  const most = (of: (one: Held) => number) => Math.max(...held.map(of))
  targets([
    {
      wanted: 'no answer but a whole 200, and 429 or 503 that tell when to come back',
      reached: bad.length === 0 ? 'none' : bad.join('; '),
      holds: bad.length === 0,
    },
    {
      wanted: 'each crowd, and the steady client, got whole answers in each of its phases',
      reached: unserved.length === 0 ? 'all' : `not ${unserved.join('; ')}`,
      holds: unserved.length === 0,
    },
    {
      wanted: `the cold crowd by itself is cold: the bucket was asked for ≥ ${LEAST_LISTED * 100} % of its granules`,
      reached: `${cold.lists} of ${cold.granules}`,
      holds: cold.granules > 0 && cold.lists >= LEAST_LISTED * cold.granules,
    },
    {
      wanted: `the small box while all ask: p99 ≤ ${STEADY_P99_MS} ms, none refused`,
      reached: `${p99.toFixed(0)} ms, ${refused} refused`,
      holds: p99 <= STEADY_P99_MS && refused === 0,
    },
    {
      wanted: `memory is flat: ≤ ${MOST_SLOPE} MB a minute over the second half`,
      reached: `${slopeOf(half).toFixed(2)} MB a minute`,
      holds: slopeOf(half) <= MOST_SLOPE,
    },
    {
      wanted: `no descriptor is leaked: ≤ ${SPARE_DESCRIPTORS} more than before`,
      reached: `${before.descriptors} before, ${most((one) => one.descriptors)} at most, ${after.descriptors} after`,
      holds: after.descriptors <= before.descriptors + SPARE_DESCRIPTORS,
    },
    {
      wanted: 'no thread is leaked',
      reached: `${before.threads} before, ${most((one) => one.threads)} at most, ${after.threads} after`,
      holds: after.threads <= Math.max(before.threads, half[0]?.threads ?? 0),
    },
  ])
  return bad
}

/** Who got no whole answer. */
function unservedIn(phase: Phase, steady: Tally): string[] {
  const of = [...phase.crowds].map(([kind, { answers }]) => [kind, answers.length] as const)
  return [...of, ['steady', within(steady.answers, phase).length] as const]
    .filter(([, whole]) => whole === 0)
    .map(([kind]) => `${kind} beside ${nameOf(phase)}`)
}

/** Of the phase in which the cold crowd is alone: what it was given, and what the bucket was asked for. */
function listedIn(phases: readonly Phase[]): { readonly lists: number; readonly granules: number } {
  const phase = phases.find(({ kinds }) => kinds.join() === 'cold')
  const answers = phase?.crowds.get('cold')?.answers.length ?? 0
  return { lists: phase?.lists ?? 0, granules: answers * COLD_GRANULES }
}

const nameOf = ({ kinds }: Phase): string => (kinds.length > 1 ? 'all' : (kinds[0] ?? 'nobody else'))

function reportCrowds(phases: readonly Phase[], steady: Tally): void {
  table(
    ['asking', 's', '', 'answers a second', 'p50 / p99 / most, ms', 'refused', 'answers', 'lists'],
    phases.flatMap((phase) => [
      ...[...phase.crowds].map(([kind, tally]) => rowOf(phase, kind, tally)),
      rowOf(phase, 'steady', {
        ...steady,
        answers: timed(steady.answers, phase),
        refusals: timed(steady.refusals, phase),
        statuses: {},
      }),
    ]),
  )
  say(
    `${OF_ONE_ADDRESS} clients share an address (X-Forwarded-For, SWATH_TRUSTED_PROXIES=1), and come back when a refusal ` +
      'tells them to. The steady client does not wait for its answers. Every body is read to its end and its lines ' +
      'are counted, of a rank their order is looked at. Listings of the cold crowd are deleted from the store every second.',
  )
}

function rowOf(phase: Phase, kind: CrowdKind, { answers, refusals, statuses }: Tally): (string | number)[] {
  const times = answers.map(([, ms]) => ms)
  const told = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`)
  return [
    nameOf(phase),
    secondsOf(phase).toFixed(0),
    NAMES[kind],
    (times.length / secondsOf(phase)).toFixed(1),
    [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)].map((ms) => ms.toFixed(0)).join(' / '),
    refusals.length,
    told.join(', '),
    kind === 'steady' ? '' : phase.lists,
  ]
}

function reportHeld(phases: readonly Phase[], held: readonly Held[], before: Held, after: Held): void {
  console.log()
  const rows = phases.map((phase) => {
    const seen = held.filter(({ at }) => at >= phase.from && at < phase.until)
    const [first, last] = [seen[0], seen.at(-1)]
    const cpu = first && last ? (last.cpuMs - first.cpuMs) / (last.at - first.at) : Number.NaN
    return [nameOf(phase), seen, cpu.toFixed(2)] as const
  })
  table(
    [
      'asking',
      'memory, MB',
      'heap, MB',
      'descriptors',
      'threads',
      'event loop p99, ms',
      'most, ms',
      'cores used',
    ],
    [
      ...rows.map(([name, seen, cpu]) => [name, ...columns(seen), cpu]),
      ['before', ...columns([before]), ''],
      ['after, quiet', ...columns([after]), ''],
    ],
  )
  say('Least / median / most of what was seen; the event loop’s delay is that of the last minute or two.')
}

const columns = (seen: readonly Held[]): string[] =>
  (['memory', 'heap', 'descriptors', 'threads', 'lagP99', 'lagMax'] as const).map((field) =>
    rangeOf(seen, (one) => one[field]),
  )

const secondsOf = ({ from, until }: Phase): number => (until - from) / 1000

const timed = (all: Tally['answers'], { from, until }: Phase): Tally['answers'] =>
  all.filter(([at]) => at >= from && at < until)

const within = (all: Tally['answers'], phase: Phase): number[] => timed(all, phase).map(([, ms]) => ms)

/** What may not be, as clauses. */
const faultsOf = ({ statuses, errors }: Tally): string[] => [
  ...Object.entries(statuses).flatMap(([status, n]) => (HONEST.includes(status) ? [] : [`${n} × ${status}`])),
  ...Object.entries(errors).map(([what, n]) => `${n} × ${what}`),
]
