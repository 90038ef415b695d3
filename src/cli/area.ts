import { Command } from 'commander'
import { type AreaQuery, type Parameters, parseAreaQuery } from '../area-query.ts'
import { readConfig } from '../config.ts'
import type { ParameterError } from '../errors.ts'
import { FORMATS, write } from '../formats.ts'
import type { House, Session } from '../house.ts'
import { type Listed, listArea } from '../list-area.ts'
import { wrappedBox } from '../sentinel2/area.ts'
import { LEVELS } from '../sentinel2/bands.ts'
import { openHouse } from '../wire.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'

/** Options as commander gathers them; how often one was given is for parseAreaQuery to judge. */
type Given = Readonly<Record<string, readonly string[]>>

/** All take a value; what it may be is told once, in parseAreaQuery. */
const OPTIONS = [
  ['--bbox <w,s,e,n>', 'the box in place of the corners; west > east crosses the antimeridian'],
  ['--datetime <time>', 'RFC 3339 time, date, or interval a/b, a/.., ../b'],
  ['--cloud <percent>', '20: at most; 5,20: between'],
  ['--level <level>', `processing level: ${LEVELS.join(', ')} (default: L1C)`],
  ['--tiles <names>', 'only these tiles: 33UUB,33UUC'],
  ['--bands <names>', 'only these bands: B02,B03,B04,TCI'],
  ['--dedupe <how>', 'products of one acquisition: latest, none (default: latest)'],
  ['--rank <colour>', 'not there yet'],
  ['--stride <pixels>', 'not there yet'],
  ['--source <files>', 'not there yet'],
  ['--limit <granules>', 'granules asked for at a time (default: 250)'],
  ['-n, --max-granules <granules>', 'stop after so many'],
  ['--format <format>', `of the answer: ${FORMATS.join(', ')} (default: json)`],
] as const

/** `swath area`: the images of an area, all pages of it. */
export function areaCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('area')
    .description('List the images of every granule in a box, newest first.')
    .argument('[corners...]', 'lat1 lng1 lat2 lng2: two opposite corners, degrees')
    .addHelpText('after', HELP)
    .action(async (corners: string[], { maxGranules = [], ...given }: Given) => {
      const faults = [...cornerFaults(corners), ...maximumFaults(maxGranules)]
      const query = parseAreaQuery({ ...given, ...cornersOf(corners) }, 'box', faults)
      const house = await openHouse(readConfig(terminal.env))
      try {
        await writeArea(terminal, house, query, Number(maxGranules[0] ?? Number.POSITIVE_INFINITY))
        finish(EXIT.done)
      } finally {
        await house.close()
      }
    })
  for (const [flags, description] of OPTIONS) {
    command.option(flags, description, (value, before: readonly string[] = []) => [...before, value])
  }
  return command
}

const HELP = `
Examples:
  swath area 55.660797 12.5896 55.663369 12.584670
  swath area --bbox 12.4,55.5,12.7,55.8 --datetime 2020-07-01/2020-07-31 --cloud 20 --bands TCI \\
    --format uris | gsutil -m cp -I .
  swath area --bbox 179,-17,-179,-16 --level L2A --format urls

SWATH_CATALOG and SWATH_STORAGE tell where to look; without them the embedded sample answers.`

const CORNERS = ['lat1', 'lng1', 'lat2', 'lng2']

const cornersOf = (corners: readonly string[]): Parameters =>
  Object.fromEntries(CORNERS.map((name, i) => [name, corners[i]]))

function cornerFaults({ length }: readonly string[]): ParameterError[] {
  if (length <= CORNERS.length) return []
  const message = `there are ${length} corner numbers; four make a box: ${CORNERS.join(' ')}`
  return [{ parameter: 'corners', message }]
}

function maximumFaults(given: readonly string[]): ParameterError[] {
  const parameter = 'max-granules'
  if (given.length > 1) return [{ parameter, message: `${parameter} is given ${given.length} times` }]
  return given
    .filter((text) => !/^0*[1-9]\d*$/.test(text))
    .map(() => ({ parameter, message: `${parameter} is not a whole number above 0` }))
}

async function writeArea(terminal: Terminal, house: House, query: AreaQuery, most: number): Promise<void> {
  const { output } = terminal
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
      `${tally.empty > 0 ? `; no such images in ${tally.empty} of them` : ''}` +
      ` (listings remembered: ${listings.hits}, asked for: ${listings.misses})\n`,
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
