import type { Freshness, LevelFreshness, Search } from './catalog/port.ts'
import { LEVELS, type Level } from './sentinel2/bands.ts'
import { formatTime, type Micros } from './sentinel2/time.ts'

const DAY = 86_400e6
const OLD_DAYS = 30

/** How fresh a level of an index is by the names it is told by; times as RFC 3339, null where not known. */
export const freshnessProperties = ({ newestSensing, newestGeneration, completeUpTo }: LevelFreshness) => ({
  newest_sensing: formatTime(newestSensing),
  newest_generation: timeOrNull(newestGeneration),
  complete_up_to: timeOrNull(completeUpTo),
})

/** How fresh both levels are; null for one of which the index has no granule. */
export const agesOf = ({ levels, updatedAt }: Freshness, now: Micros) => ({
  levels: Object.fromEntries(
    LEVELS.map((level) => {
      const fresh = levels[level]
      return [level, fresh ? { ...freshnessProperties(fresh), age_days: ageInDays(fresh, now) } : null]
    }),
  ),
  updated_at: formatTime(updatedAt),
})

/** Days from the newest sensing time to now, to a tenth; 0 where the clock stands before it. */
const ageInDays = ({ newestSensing }: LevelFreshness, now: Micros): number =>
  Math.max(0, Math.round(((now - newestSensing) / DAY) * 10) / 10)

/**
 * Where the times asked for go on past the end of the level that is asked for, and that was more than thirty days
 * ago: a clause that says so. An update of a few tiles brings newer granules of them alone, so the newest is not
 * the end where the index knows up to when it has all.
 */
export function endsTooEarly(
  { levels }: Freshness,
  { level, time }: Pick<Search, 'level' | 'time'>,
  now: Micros,
): string | undefined {
  const fresh = levels[level]
  if (!fresh) return undefined
  const end = Math.min(fresh.newestSensing, fresh.completeUpTo ?? Number.POSITIVE_INFINITY)
  if (now - end <= OLD_DAYS * DAY || (time.until !== undefined && time.until <= end)) return undefined
  const day = formatTime(end).slice(0, 'yyyy-mm-dd'.length)
  return end < fresh.newestSensing
    ? `the index may lack ${level} granules made after ${day}`
    : `the index ends ${day} for ${level}`
}

/** What brings a level up to date: Google's table holds L1C alone, and the L1C CSV grows no more. */
export const howToUpdate = (level: Level): string =>
  level === 'L1C'
    ? 'swath index update --from bigquery brings all that is newer, --from bucket that of some tiles'
    : 'swath index update --from the newest L2/index.csv.gz brings all that is newer, --from bucket that of some tiles'

const timeOrNull = (time: Micros | undefined): string | null => (time === undefined ? null : formatTime(time))
