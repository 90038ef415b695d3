import type { Command } from 'commander'
import { amount } from '../amount.ts'
import { parseAreaQuery } from '../area-query.ts'
import type { ParameterError } from '../errors.ts'
import { Fault } from '../errors.ts'
import type { Area } from '../sentinel2/area.ts'
import { LEVELS, type Level } from '../sentinel2/bands.ts'
import { tilesOf } from '../sentinel2/tiles.ts'
import { countFaults, type Given, gather } from './area-options.ts'

/** What an update is asked to read, and where. */
export type UpdatePlan = { readonly report: string | undefined } & (
  | { readonly kind: 'csv'; readonly from: readonly string[]; readonly complete: boolean }
  | { readonly kind: 'bigquery'; readonly level: Level; readonly maxBytesBilled: number | undefined }
  | {
      readonly kind: 'bucket'
      readonly levels: readonly Level[]
      readonly tiles: readonly string[]
      readonly metadata: boolean
    }
)

/** Each costs some lists at every level, and one for every product that is new: a country, in minutes. */
const MOST_TILES = 1000

const OPTIONS = [
  ['--level <level>', `of bigquery or the bucket: ${LEVELS.join(', ')} (default: L1C; of the bucket both)`],
  ['--max-bytes-billed <bytes>', 'of bigquery: refuse to read more (default: SWATH_MAX_BYTES_BILLED)'],
  ['--tiles <names>', 'of the bucket: these tiles, 33UUB,33UUC'],
  ['--bbox <w,s,e,n>', 'of the bucket: the tiles of this box; west > east crosses the antimeridian'],
  ['--report <file>', 'write what became of the rows, as JSON'],
] as const

export function takeUpdateOptions(command: Command): Command {
  command.argument('<file>', 'the index to bring up to date')
  command.requiredOption(
    '--from <source...>',
    'a newer index.csv, index.csv.gz, an http(s) URL, or - for stdin, which may be repeated; bigquery; bucket',
  )
  command.option('--complete', 'of CSVs: they are all of the archive, though they lack what the index has')
  for (const [flags, description] of OPTIONS) command.option(flags, description, gather)
  return command.option(
    '--metadata',
    "of the bucket: read cloud cover, box and times from each product's XML, also of what is known by its name alone",
  )
}

/** Which options say something of which source. */
const OPTIONS_OF = {
  csv: ['complete'],
  bigquery: ['level', 'maxBytesBilled'],
  bucket: ['level', 'tiles', 'bbox', 'metadata'],
} as const satisfies Record<UpdatePlan['kind'], readonly string[]>
const FLAGS = {
  complete: '--complete',
  level: '--level',
  maxBytesBilled: '--max-bytes-billed',
  tiles: '--tiles',
  bbox: '--bbox',
  metadata: '--metadata',
} as const
const NAMED = ['bigquery', 'bucket'] as const
const KINDS = { csv: 'CSVs', bigquery: '--from bigquery', bucket: '--from bucket' } as const

export type UpdateGiven = Readonly<Record<string, readonly string[] | true | undefined>>

/** @throws {Fault} bad-request naming all that is wrong, area-too-large for more tiles than can be listed */
export function updatePlan(given: UpdateGiven): UpdatePlan {
  const from = listOf(given.from)
  const kind = NAMED.find((name) => from.includes(name)) ?? 'csv'
  const report = listOf(given.report)
  const maxBytesBilled = listOf(given.maxBytesBilled)
  const faults = [
    ...sourceFaults(from, kind),
    ...strayFaults(given, kind),
    ...(report.length > 1 ? [fault('report', `is given ${report.length} times`)] : []),
    ...(kind === 'bigquery' ? countFaults('max-bytes-billed', maxBytesBilled) : []),
    ...(kind === 'bucket' && !given.tiles && !given.bbox
      ? [fault('from', 'is bucket, which is listed tile by tile: name them with --tiles or --bbox')]
      : []),
  ]
  const { search } = parseAreaQuery(areaOptions(given, kind), 'any', faults)
  switch (kind) {
    case 'csv':
      return { kind, from, complete: given.complete === true, report: report[0] }
    case 'bigquery': {
      const most = maxBytesBilled[0] === undefined ? undefined : Number(maxBytesBilled[0])
      return { kind, level: search.level, maxBytesBilled: most, report: report[0] }
    }
    case 'bucket': {
      const levels = given.level ? [search.level] : LEVELS
      const tiles = tilesToList(search.area, search.tiles)
      return { kind, levels, tiles, metadata: given.metadata === true, report: report[0] }
    }
  }
}

function sourceFaults(from: readonly string[], kind: UpdatePlan['kind']): ParameterError[] {
  if (kind === 'csv' || from.length === 1) return []
  return [fault('from', `is ${from.join(', ')}; ${kind} goes alone`)]
}

function strayFaults(given: UpdateGiven, kind: UpdatePlan['kind']): ParameterError[] {
  const names = Object.keys(FLAGS) as (keyof typeof FLAGS)[]
  const own: readonly string[] = OPTIONS_OF[kind]
  return names
    .filter((name) => given[name] !== undefined && !own.includes(name))
    .map((name) => {
      const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[]
      const where = kinds.filter((source) => OPTIONS_OF[source].some((other) => other === name))
      return fault(
        FLAGS[name].slice(2),
        `says nothing here: it is for ${where.map((one) => KINDS[one]).join(' and ')}`,
      )
    })
}

/** What the source takes of level, tiles and box; the rest has been refused by then. */
function areaOptions(given: UpdateGiven, kind: UpdatePlan['kind']): Given {
  const names = ['level', 'tiles', 'bbox'].filter((name) => OPTIONS_OF[kind].some((own) => own === name))
  return Object.fromEntries(
    names.flatMap((name) => (given[name] === undefined ? [] : [[name, listOf(given[name])]])),
  )
}

function tilesToList(area: Area, wanted: readonly string[] | undefined): readonly string[] {
  const tiles = tilesOf(area, wanted)
  if (tiles.length > MOST_TILES) {
    const sentence =
      `The box touches ${amount(tiles.length, 'tile')}; the bucket is listed tile by tile, ${MOST_TILES} at most at a time. ` +
      'Name a smaller box or --tiles, or update from bigquery.'
    throw new Fault('area-too-large', sentence)
  }
  if (tiles.length > 0) return tiles
  const errors = [fault('tiles', 'and bbox have no tile in common')]
  throw new Fault('bad-request', 'None of the tiles lies in the box.', { errors })
}

const listOf = (value: UpdateGiven[string]): readonly string[] => (Array.isArray(value) ? value : [])

const fault = (parameter: string, clause: string): ParameterError => ({
  parameter,
  message: `${parameter} ${clause}`,
})
