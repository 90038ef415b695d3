import { Command, Option } from 'commander'
import { type AreaQuery, type Parameters, parseAreaQuery } from '../area-query.ts'
import { readConfig } from '../config.ts'
import { Fault } from '../errors.ts'
import { FORMATS, write } from '../formats.ts'
import type { House, Session } from '../house.ts'
import { type Listed, listArea } from '../list-area.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import { LEVELS } from '../sentinel2/bands.ts'
import { openHouse } from '../wire.ts'
import { createOutput, createProgress, type Exit, type Terminal } from './terminal.ts'

type Given = Parameters & { readonly maxGranules?: string }

/** `swath area`: the images of an area, all pages of it. */
export function areaCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  return new Command('area')
    .description('List the images of every granule in a box, newest first.')
    .argument('[corners...]', 'lat1 lng1 lat2 lng2: two opposite corners, degrees')
    .option('--bbox <w,s,e,n>', 'the box in place of the corners; west > east crosses the antimeridian')
    .option('--datetime <time>', 'RFC 3339 time, date, or interval a/b, a/.., ../b')
    .option('--cloud <percent>', '20: at most; 5,20: between')
    .addOption(new Option('--level <level>', 'processing level').choices(LEVELS).default('L1C'))
    .option('--tiles <names>', 'only these tiles: 33UUB,33UUC')
    .option('--bands <names>', 'only these bands: B02,B03,B04,TCI')
    .addOption(
      new Option('--dedupe <how>', 'products of one acquisition')
        .choices(['latest', 'none'])
        .default('latest'),
    )
    .option('--rank <colour>', 'not there yet')
    .option('--stride <pixels>', 'not there yet')
    .option('--source <files>', 'not there yet')
    .option('--limit <granules>', 'granules asked for at a time')
    .option('-n, --max-granules <granules>', 'stop after so many')
    .addOption(new Option('--format <format>', 'of the answer').choices(FORMATS).default('json'))
    .addHelpText('after', HELP)
    .allowExcessArguments()
    .action(async (corners: string[], given: Given) => {
      const query = parseAreaQuery(parametersOf(corners, given), 'box')
      const most = mostGranules(given.maxGranules)
      const house = await openHouse(readConfig(terminal.env))
      try {
        finish(await writeArea(terminal, house, query, most))
      } finally {
        await house.close()
      }
    })
}

const HELP = `
Examples:
  swath area 55.660797 12.5896 55.663369 12.584670
  swath area --bbox 12.4,55.5,12.7,55.8 --datetime 2020-07-01/2020-07-31 --cloud 20 --bands TCI \\
    --format uris | gsutil -m cp -I .
  swath area --bbox 179,-17,-179,-16 --level L2A --format urls

SWATH_CATALOG and SWATH_STORAGE tell where to look; without them the embedded sample answers.`

function parametersOf(corners: readonly string[], { maxGranules, ...options }: Given): Parameters {
  const names = ['lat1', 'lng1', 'lat2', 'lng2']
  if (corners.length > names.length) {
    throw new Fault(
      'bad-request',
      `There are ${corners.length} corner numbers; four make a box: lat1 lng1 lat2 lng2.`,
    )
  }
  return { ...options, ...Object.fromEntries(corners.map((corner, i) => [names[i], corner])) }
}

function mostGranules(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new Fault('bad-request', `--max-granules ${text} is not a whole number above 0.`)
}

async function writeArea(terminal: Terminal, house: House, query: AreaQuery, most: number): Promise<Exit> {
  const output = createOutput(terminal.stdout)
  const progress = createProgress(terminal)
  const session = house.open()
  const tally = { granules: 0, images: 0, empty: 0 }

  async function* counted(granules: AsyncIterable<Listed>): AsyncGenerator<Listed> {
    for await (const listed of granules) {
      tally.granules++
      tally.images += listed.images.length
      tally.empty += listed.images.length === 0 ? 1 : 0
      progress.show(`${tally.granules} granules, ${tally.images} images`)
      yield listed
    }
  }

  try {
    const granules = counted(allPages(session, query, most, output.left))
    for await (const piece of write(query.format ?? 'json', granules, session.storage.bucket)) {
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
      `${tally.empty > 0 ? `; ${tally.empty} granules hold no such images` : ''}` +
      ` (listings remembered: ${listings.hits}, asked for: ${listings.misses})\n`,
  )
  return 0
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
