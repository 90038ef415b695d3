import { Command } from 'commander'
import { type AboutIndex, aboutIndex, type Batch, batchesOf, newestOfAll } from '../index-file/about.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { formatTime } from '../sentinel2/time.ts'
import { EXIT, type Exit, type Terminal } from './terminal.ts'
import { toldTime } from './wording.ts'

/** `swath index stats`: what an index holds, and how fresh it is. */
export const indexStatsCommand = (terminal: Terminal, finish: (exit: Exit) => void): Command =>
  new Command('stats')
    .description('Tell what an index holds, where it came from and how fresh it is, as JSON.')
    .argument('<file>')
    .action(async (file: string) => {
      const told = readable(aboutIndex(file), batchesOf(file), Date.now() * 1000)
      await terminal.output.write(`${JSON.stringify(told, null, 2)}\n`)
      finish(EXIT.done)
    })

/** Microseconds. */
const DAY = 86_400e6

const readable = (about: AboutIndex, batches: readonly Batch[], now: number) => ({
  rows: about.rows,
  levels: about.levels,
  tiles: about.tiles,
  kept_verbatim: about.exceptions,
  without_box: about.withoutBox,
  superseded: about.superseded,
  oldest_sensing: formatTime(about.oldestSensing),
  newest_sensing: formatTime(newestOfAll(about).sensing),
  newest_sensing_age_days: ageOf(newestOfAll(about).sensing, now),
  newest_generation: toldTime(newestOfAll(about).generation),
  newest: Object.fromEntries(LEVELS.map((level) => [level, newestOf(about, level, now)])),
  newest_etl: toldTime(about.newestEtl),
  built_at: formatTime(about.builtAt),
  updated_at: formatTime(about.updatedAt),
  sources: about.sources,
  batches: batches.map(({ id, cameAt, sources }) => ({ id, came_at: formatTime(cameAt), sources })),
})

/** Null for a level that the index has no row of. */
function newestOf({ levels, newest, settled }: AboutIndex, level: Level, now: number) {
  if (levels[level] === 0) return null
  const { sensing, generation } = newest[level]
  return {
    sensing: formatTime(sensing),
    generation: toldTime(generation),
    complete_up_to: toldTime(settled[level].generation),
    age_days: ageOf(sensing, now),
  }
}

/** Days with one decimal; never below 0, wherever this machine's clock stands. */
const ageOf = (sensing: number, now: number): number => Number((Math.max(0, now - sensing) / DAY).toFixed(1))
