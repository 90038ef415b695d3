import type { Level } from '../src/sentinel2/bands.ts'
import type { Satellite } from '../src/sentinel2/names.ts'
import { PERIOD, REFERENCE, ROUNDS, secondsTo, type Track } from './archive-world.ts'

/** One round of a satellite, as far as the archive has it. */
export type Pass = {
  readonly satellite: Satellite
  readonly orbit: number
  readonly relative: number
  /** When it was at its northernmost point, milliseconds since 1970. */
  readonly north: number
  /** Share of what the swath saw that was kept. */
  readonly share: number
}

type Service = {
  readonly satellite: Satellite
  readonly from: number
  readonly until: number
  /** Days behind the tracks of the reference. */
  readonly behind: number
  /** What its absolute orbits lack of those of the reference. */
  readonly less: number
  readonly share: (ms: number) => number
}

const DAY = 86_400_000
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)
/** What the archive holds of each level; the second is left out. */
export const ALWAYS = {
  from: { L1C: day('2015-06-27'), L2A: day('2017-03-28') } as const satisfies Record<Level, number>,
  until: day('2026-11-01'),
}

const SERVICES: readonly Service[] = [
  {
    satellite: 'S2A',
    from: ALWAYS.from.L1C,
    until: day('2025-01-21'),
    behind: 0,
    less: 0,
    share: (ms) => (ms < day('2016-01-01') ? 0.15 : ms < day('2016-12-06') ? 0.4 : 1),
  },
  {
    satellite: 'S2A',
    from: day('2025-03-13'),
    until: ALWAYS.until,
    behind: 2,
    less: 0,
    share: () => 0.3,
  },
  {
    satellite: 'S2B',
    from: day('2017-07-01'),
    until: ALWAYS.until,
    behind: 5,
    less: 8842,
    share: () => 1,
  },
  {
    satellite: 'S2C',
    from: day('2025-01-21'),
    until: ALWAYS.until,
    behind: 0,
    less: 48_077,
    share: () => 1,
  },
]

/** Passes in order of time; granules are counted from the first, as if all that is kept were a fraction of one. */
export type Archive = {
  readonly passes: readonly Pass[]
  /** Granules before each pass, and after the last. */
  readonly counts: Float64Array
  readonly total: number
  /** Granules before a time, milliseconds since 1970. */
  before(ms: number): number
}

/** One granule that a satellite saw: a place on the track of a pass. */
export type Sensed = { readonly pass: Pass; readonly track: Track; readonly index: number }

/** @param from of the northernmost points, milliseconds since 1970; `until` is left out */
export function passesOf(tracks: readonly Track[], from: number, until: number): Archive {
  const passes = SERVICES.flatMap((service) => [...passesIn(service, from, until)]).sort(
    (a, b) => a.north - b.north,
  )
  const counts = new Float64Array(passes.length + 1)
  for (const [i, { relative, share }] of passes.entries()) {
    counts[i + 1] = (counts[i] ?? 0) + share * (tracks[relative]?.tiles.length ?? 0)
  }
  const total = counts.at(-1) ?? 0
  const before = (ms: number) => {
    const next = passes.findIndex(({ north }) => north >= ms)
    return next < 0 ? total : (counts[next] ?? 0)
  }
  return { passes, counts, total, before }
}

/** Finds granules by their number; numbers are asked for in their order. */
export function granuleFinder({ passes, counts }: Archive, tracks: readonly Track[]) {
  let at = 0
  return (number: number): Sensed => {
    while (at < passes.length - 1 && (counts[at + 1] ?? Infinity) <= number) at++
    const pass = passes[at]
    const track = tracks[pass?.relative ?? 0]
    if (!pass || !track) throw new Error('No satellite flew in that time.')
    const within = (number - (counts[at] ?? 0)) / pass.share
    return { pass, track, index: Math.max(0, Math.min(track.tiles.length - 1, Math.floor(within))) }
  }
}

function* passesIn({ satellite, behind, less, share, ...service }: Service, from: number, until: number) {
  const first = REFERENCE.ms - secondsTo(REFERENCE.lat) * 1000 + behind * DAY
  const start = Math.max(service.from, from)
  const end = Math.min(service.until, until)
  for (let n = Math.ceil((start - first) / (PERIOD * 1000)); ; n++) {
    const north = Math.round((first + n * PERIOD * 1000) / 1000) * 1000
    if (north >= end) return
    const at = REFERENCE.relative - 1 + n
    const relative = (((at % ROUNDS) + ROUNDS) % ROUNDS) + 1
    yield { satellite, orbit: REFERENCE.orbit + n - less, relative, north, share: share(north) }
  }
}
