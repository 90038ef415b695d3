import { Command } from 'commander'
import { type AreaQuery, parseAreaQuery } from '../area-query.ts'
import type { Rank } from '../colour/port.ts'
import { readConfig } from '../config.ts'
import { FORMATS, write } from '../formats.ts'
import type { House, Session } from '../house.ts'
import { type Listed, listArea, listEach } from '../list-area.ts'
import { type RankedGranule, rankGranules } from '../rank-colour.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import type { Granule } from '../sentinel2/granule.ts'
import { openHouse } from '../wire.ts'
import { AREA_OPTIONS, cornerFaults, cornersOf, countFaults, type Given, takeArea } from './area-options.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'

const OPTIONS = [
  AREA_OPTIONS.bbox,
  AREA_OPTIONS.datetime,
  AREA_OPTIONS.cloud,
  AREA_OPTIONS.level,
  AREA_OPTIONS.tiles,
  ['--bands <names>', 'only these bands: B02,B03,B04,TCI'],
  AREA_OPTIONS.dedupe,
  ['--rank <colour>', 'best first: red, green, blue by its share of the colour; 1e90ff by nearness to it'],
  [
    '--stride <pixels>',
    'for the rank, one sample for so many by so many pixels of 10 m: 1 to 64 (default: 16)',
  ],
  ['--source <files>', 'for the rank: bands (B04, B03, B02) or preview (default: bands)'],
  AREA_OPTIONS.limit,
  ['-n, --max-granules <granules>', 'stop after so many; with --rank, the best of all pages'],
  ['--format <format>', `of the answer: ${FORMATS.join(', ')} (default: json)`],
] as const

/** `swath area`: the images of an area, all pages of it. */
export function areaCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('area')
    .description('List the images of every granule in a box, newest first or by colour.')
    .addHelpText('after', HELP)
    .action(async (corners: string[], { maxGranules = [], ...given }: Given) => {
      const faults = [...cornerFaults(corners), ...countFaults('max-granules', maxGranules)]
      const query = parseAreaQuery({ ...given, ...cornersOf(corners) }, 'box', faults)
      const house = await openHouse(readConfig(terminal.env))
      try {
        await writeArea(terminal, house, query, Number(maxGranules[0] ?? Number.POSITIVE_INFINITY))
        finish(EXIT.done)
      } finally {
        await house.close()
      }
    })
  return takeArea(command, OPTIONS)
}

const HELP = `
Examples:
  swath area 55.660797 12.5896 55.663369 12.584670
  swath area --bbox 12.4,55.5,12.7,55.8 --datetime 2020-07-01/2020-07-31 --cloud 20 --bands TCI \\
    --format uris | gsutil -m cp -I .
  swath area --bbox 179,-17,-179,-16 --level L2A --format urls
  swath area --bbox 12.4,55.5,12.7,55.8 --rank blue -n 10 --format csv

SWATH_CATALOG and SWATH_STORAGE tell where to look; without them the embedded sample answers.`

async function writeArea(terminal: Terminal, house: House, query: AreaQuery, most: number): Promise<void> {
  const { output } = terminal
  const progress = createProgress(terminal)
  const session = house.open()
  const tally = { granules: 0, images: 0, empty: 0 }
  const { rank } = query
  let ranked: readonly RankedGranule[] = []

  async function* granules(): AsyncGenerator<Listed> {
    if (!rank) return yield* allPages(session, query, most, output.left)
    ranked = await rankAll(session, query, rank, output.left, progress.show)
    yield* listEach(session, ranked.slice(0, most), query.bands, output.left)
  }

  async function* counted(): AsyncGenerator<Listed> {
    for await (const listed of granules()) {
      tally.granules++
      tally.images += listed.images.length
      tally.empty += listed.images.length === 0 ? 1 : 0
      progress.show(`${tally.granules} granules, ${tally.images} images`)
      yield listed
    }
  }

  try {
    const source = rank && query.sampling.source
    for await (const piece of write(query.format ?? 'json', counted(), session.storage.bucket, source)) {
      await output.write(piece)
    }
  } catch (thrown) {
    // Whatever a reader who has left brings about, its leaving is the cause.
    output.left.throwIfAborted()
    throw thrown
  } finally {
    progress.clear()
  }
  const { listings } = house.state()
  terminal.stderr.write(
    `${tally.images} images of ${tally.granules} granules in ${wrappedBox(query.search.area.box).join(',')}` +
      `${tally.empty > 0 ? `; no such images in ${tally.empty} of them` : ''}` +
      ` (listings remembered: ${listings.hits}, asked for: ${listings.misses})\n${withoutColour(ranked)}`,
  )
}

async function* allPages(
  session: Session,
  { search, bands, limit, after: first }: AreaQuery,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<Listed> {
  let after = first
  let left = most
  do {
    const page = await listArea(session, search, { bands, limit: Math.min(limit, left), after, signal })
    yield* page.granules
    left -= page.count
    after = page.next
  } while (after && left > 0)
}

/** The granules of all pages together, best first: nothing can be told of the best before the last is known. */
async function rankAll(
  session: Session,
  { search, sampling, limit, after: first }: AreaQuery,
  rank: Rank,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<RankedGranule[]> {
  const granules: Granule[] = []
  let after = first
  do {
    const page = await session.catalog.search(search, { limit, after, signal })
    for (const granule of page.granules) granules.push(granule)
    show(`${granules.length} granules`)
    after = page.next
  } while (after)
  const onTried = (count: number) => show(`colours: ${count} of ${granules.length}`)
  return rankGranules(session, granules, { rank, sampling, signal, onTried })
}

const REASONS_TOLD = 3

function withoutColour(ranked: readonly RankedGranule[]): string {
  const reasons = ranked.flatMap(({ granule, rank }) =>
    'reason' in rank ? [`  ${granule.granuleId}: ${rank.reason}\n`] : [],
  )
  if (reasons.length === 0) return ''
  const more = reasons.length > REASONS_TOLD ? `  and ${reasons.length - REASONS_TOLD} more\n` : ''
  const told = reasons.slice(0, REASONS_TOLD).join('')
  return `${reasons.length} of ${ranked.length} granules have no colour to rank by:\n${told}${more}`
}
