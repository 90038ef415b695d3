import type { Search, Sort } from '../../src/catalog/port.ts'
import { anyKind, areaOf, type Kind, tilesFor } from './areas.ts'
import { type Chances, chances } from './chances.ts'
import type { Known } from './scan.ts'

export type Question = {
  readonly kind: Kind
  readonly search: Search
  /** Granules a page, 1 to 500. */
  readonly limit: number
}

/**
 * Random questions, the same for the same seed, about what the index knows.
 * @param known granules to ask around, at least one
 */
export function* questions(count: number, seed: number, known: readonly Known[]): Generator<Question> {
  const random = chances(seed)
  for (let n = 0; n < count; n++) {
    const near = random.of(known)
    const kind = anyKind(random)
    const area = areaOf(kind, near, random)
    const search: Search = {
      area,
      level: random.oneIn(5) ? random.of(['L1C', 'L2A'] as const) : near.level,
      time: timeOf(near, random),
      cloud: cloudOf(near, random),
      tiles: random.oneIn(5) ? tilesFor(area, near, random) : undefined,
      dedupe: random.of(['latest', 'none'] as const),
      sort: random.of<Sort>(['-datetime', '-datetime', 'datetime', 'cloud']),
    }
    // As many small pages as large ones.
    yield { kind, search, limit: Math.round(500 ** random.between(0, 1)) }
  }
}

const YEAR = 365 * 86_400 * 1e6

function timeOf({ sensingTime }: Known, random: Chances): Search['time'] {
  const before = sensingTime - Math.floor(random.between(0, 2 * YEAR))
  const after = sensingTime + Math.floor(random.between(0, 2 * YEAR))
  return random.of([
    { from: undefined, until: undefined },
    { from: undefined, until: undefined },
    { from: before, until: after },
    { from: before, until: undefined },
    { from: undefined, until: after },
    { from: sensingTime, until: sensingTime + random.below(2) * YEAR },
    ...(random.oneIn(3) ? [{ from: sensingTime, until: sensingTime }] : []),
  ])
}

function cloudOf({ cloudCover = 50 }: Known, random: Chances): Search['cloud'] {
  const most = Math.round(random.between(0, 100))
  return random.of([
    undefined,
    undefined,
    undefined,
    { min: 0, max: most },
    { min: Math.floor(most / 2), max: most },
    { min: 0, max: cloudCover },
    random.of([
      { min: 0, max: 0 },
      { min: 100, max: 100 },
      { min: 0, max: 100 },
      { min: cloudCover, max: cloudCover },
    ]),
  ])
}
