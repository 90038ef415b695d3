import { Command } from 'commander'
import { amount } from '../amount.ts'
import { type AreaQuery, coloursTold } from '../area-query.ts'
import { readConfig } from '../config.ts'
import { Fault } from '../errors.ts'
import { FORMATS, write } from '../formats.ts'
import type { House } from '../house.ts'
import { endsTooEarly, howToUpdate } from '../index-age.ts'
import type { Listed } from '../list-area.ts'
import type { RankedGranule } from '../rank-colour.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import { openHouse } from '../wire.ts'
import { AREA_OPTIONS, countFaults, type Given, takeArea, WHERE_OPTION } from './area-options.ts'
import { type AreaPages, areaPages } from './area-pages.ts'
import { readArea } from './read-area.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'

const { limit: LIMIT, ...WHICH } = AREA_OPTIONS
const OPTIONS = [
  ...Object.values(WHICH),
  ['--bands <names>', 'only these bands: B02,B03,B04,TCI'],
  ['--rank <colour>', 'best first: red, green, blue by its share of the colour; 1e90ff by nearness to it'],
  WHERE_OPTION,
  [
    '--stride <pixels>',
    'of colours, one sample for so many by so many pixels of 10 m: 1 to 64 (default: 16)',
  ],
  ['--source <files>', 'of colours: bands (B04, B03, B02) or preview (default: bands)'],
  LIMIT,
  ['-n, --max-granules <granules>', 'stop after so many; with --rank, the best of all pages'],
  ['--format <format>', `of the answer: ${FORMATS.join(', ')} (default: json)`],
] as const

/** `swath area`: the images of an area, all pages of it. */
export function areaCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('area')
    .description('List the images of every granule in a box or polygon, newest first or as --sort says.')
    .addHelpText('after', HELP)
    .action(async (corners: string[], { maxGranules = [], ...given }: Given) => {
      const faults = countFaults('max-granules', maxGranules)
      const query = await readArea(terminal, corners, given, { faults })
      const house = await openHouse(readConfig(terminal.env))
      try {
        finish(await writeArea(terminal, house, query, Number(maxGranules[0] ?? Number.POSITIVE_INFINITY)))
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
  swath area --intersects @field.geojson --relation contains --best tile,month --format geojson
  swath area --bbox 12.4,55.5,12.7,55.8 --min-coverage 0.6 --sort cloud -n 10 --format csv
  swath area --bbox 12.4,55.5,12.7,55.8 --rank blue -n 10 --format csv
  swath area --bbox 5,45,15,55 --rank red --sort rank --where 'valid>=0.5' -n 10 --format csv

--rank makes the colours that are missing; with --sort rank or --where the store's are asked all at once, and
only those of the newest granules are made, up to --limit. swath warm makes them all.
SWATH_CATALOG and SWATH_STORAGE tell where to look; without them the embedded sample answers.`

async function writeArea(terminal: Terminal, house: House, query: AreaQuery, most: number): Promise<Exit> {
  const { output } = terminal
  const progress = createProgress(terminal)
  const session = house.open()
  const tally = { granules: 0, images: 0, empty: 0 }
  const pages = areaPages(session, query, { most, signal: output.left, show: progress.show })

  async function* counted(): AsyncGenerator<Listed> {
    for await (const listed of pages.granules) {
      tally.granules++
      tally.images += listed.images.length
      tally.empty += listed.images.length === 0 ? 1 : 0
      progress.show(`${amount(tally.granules, 'granule')}, ${amount(tally.images, 'image')}`)
      yield listed
    }
  }

  try {
    const source = coloursTold(query)
    for await (const piece of write(query.format ?? 'json', counted(), session.storage.bucket, source)) {
      await output.write(piece)
    }
  } catch (thrown) {
    // Whatever a reader who has left brings about, its leaving is the cause.
    output.left.throwIfAborted()
    // What was listed before stays printed, and the exit tells that it is not all.
    if (tally.images === 0 || !(thrown instanceof Fault)) throw thrown
    progress.clear()
    terminal.stderr.write(`swath: ${thrown.message}\n`)
    return EXIT.partial
  } finally {
    progress.clear()
  }
  const { listings, catalog } = house.state()
  terminal.stderr.write(
    `${amount(tally.images, 'image')} of ${amount(tally.granules, 'granule')} in ${wrappedBox(query.search.area.box).join(',')}` +
      `${tally.empty > 0 ? `; no such images in ${tally.empty} of them` : ''}` +
      ` (listings remembered: ${listings.hits}, asked for: ${listings.misses})\n` +
      withoutColour(pages),
  )
  // The sample is as old as it is.
  if (catalog === 'sample') return EXIT.done
  const freshness = session.catalog.freshness()
  const end = freshness && endsTooEarly(freshness, query.search, Date.now() * 1000)
  if (end !== undefined) terminal.stderr.write(`${end}; ${howToUpdate(query.search.level)}\n`)
  return EXIT.done
}

const REASONS_TOLD = 3

function withoutColour(pages: AreaPages): string {
  const unknown = pages.unknown()
  if (unknown > 0) {
    const more = unknown === 1 ? 'more granule has' : 'more granules have'
    return `${unknown} ${more} no remembered colour, and may match; swath warm makes them\n`
  }
  return withReasons(pages.ranked())
}

function withReasons(ranked: readonly RankedGranule[]): string {
  const reasons = ranked.flatMap(({ granule, rank }) =>
    'reason' in rank ? [`  ${granule.granuleId}: ${rank.reason}\n`] : [],
  )
  if (reasons.length === 0) return ''
  const more = reasons.length > REASONS_TOLD ? `  and ${reasons.length - REASONS_TOLD} more\n` : ''
  const told = reasons.slice(0, REASONS_TOLD).join('')
  return `${reasons.length} of ${amount(ranked.length, 'granule')} ${reasons.length === 1 ? 'has' : 'have'} no colour to rank by:\n${told}${more}`
}
