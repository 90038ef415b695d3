import { bestProducts, folderProduct, type Granule } from '../sentinel2/granule.ts'
import { parseDatatake, SATELLITES } from '../sentinel2/names.ts'
import type { ReadRow } from './csv-granule.ts'

/** Seconds; far longer than a datatake, far shorter than the ten days to the next of the same orbit. */
export const APART = 86_400

/**
 * The granules of a cell of which a better product is there too. bestProducts decides; it is asked for those
 * alone that share satellite and relative orbit with another of about the same time, which are few.
 */
export function supersededOf(rows: readonly ReadRow[]): ReadonlySet<Granule> {
  const passes = new Map<number, { granule: Granule; start: number }[]>()
  for (const row of rows) {
    const known = passOf(row)
    if (!known) continue
    const pass = passes.get(known.pass)
    const entry = { granule: row.granule, start: known.start }
    if (pass) pass.push(entry)
    else passes.set(known.pass, [entry])
  }
  const rivals = [...passes.values()].flatMap((pass) => {
    const sorted = pass.sort((a, b) => a.start - b.start)
    const near = (i: number) => (sorted[i]?.start ?? Infinity) - (sorted[i - 1]?.start ?? -Infinity) < APART
    return sorted.filter((_, i) => near(i) || near(i + 1)).map(({ granule }) => granule)
  })
  const best = bestProducts(rivals)
  return new Set(rivals.filter((granule) => !best.has(granule)))
}

/**
 * A number for the pass and the datatake's start: those of one pass differ by the seconds between them, those of
 * others by more than APART.
 */
export const passKey = (pass: number, start: number): number => pass * PASSES_APART + start

/** NaN where the names do not tell. */
export function passKeyOf(row: ReadRow): number {
  const known = passOf(row)
  return known ? passKey(known.pass, known.start) : Number.NaN
}

/** Seconds; no two times of an index are that far apart. */
const PASSES_APART = 1e11

/** Satellite with relative orbit, and the datatake's start in seconds; undefined where the names do not tell. */
function passOf({ granule, short }: ReadRow): { pass: number; start: number } | undefined {
  if (short) return { pass: short.pass, start: Math.floor(granule.sensingTime / 1e6) - short.start }
  const product = folderProduct(granule.place)
  if (!product) return undefined
  const start = parseDatatake(granule.datatake ?? '')?.start ?? product.start
  return { pass: SATELLITES.indexOf(product.satellite) * 1000 + product.relativeOrbit, start: start / 1e6 }
}
