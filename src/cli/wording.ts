import { formatTime, type Micros } from '../sentinel2/time.ts'

/** `12 s`, `4 min`, `2.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 90 * 60 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** RFC 3339; null for 0, which stands where no row told a time. */
export const toldTime = (time: Micros): string | null => (time > 0 ? formatTime(time) : null)

/** `a, b, …` of the first few of so many. */
export const examplesOf = (count: number, examples: readonly string[]): string =>
  examples.join(', ') + (count > examples.length ? ', …' : '')

/** What anything thrown says of itself; of a fault the whole sentence. */
export const sentenceOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)
