import type { Command } from 'commander'
import { BESTS, RELATIONS, SORTS } from '../catalog/port.ts'
import { COLOUR_NUMBERS } from '../colour/port.ts'
import type { ParameterError } from '../errors.ts'
import { MOST_POSITIONS } from '../ground/read-geojson.ts'
import type { Parameters } from '../parameters.ts'
import { LEVELS } from '../sentinel2/bands.ts'

/** Options as commander gathers them; how often one was given is for parseAreaQuery to judge. */
export type Given = Readonly<Record<string, readonly string[]>>

export type OptionText = readonly [flags: string, description: string]

/** What the commands over an area share. All take a value; what it may be is told once, in parseAreaQuery. */
export const AREA_OPTIONS = {
  bbox: ['--bbox <w,s,e,n>', 'the box in place of the corners; west > east crosses the antimeridian'],
  intersects: [
    '--intersects <geojson>',
    `a GeoJSON polygon in place of the corners, of ${MOST_POSITIONS.toLocaleString('en')} positions at most; ` +
      '@file reads it from there, @- from stdin',
  ],
  datetime: ['--datetime <time>', 'RFC 3339 time, date, or interval a/b, a/.., ../b'],
  cloud: ['--cloud <percent>', '20: at most; 5,20: between'],
  level: ['--level <level>', `processing level: ${LEVELS.join(', ')} (default: L1C)`],
  tiles: ['--tiles <names>', 'only these tiles: 33UUB,33UUC'],
  dedupe: ['--dedupe <how>', 'products of one acquisition: latest, none (default: latest)'],
  relation: ['--relation <how>', `of granule to area: ${RELATIONS.join(', ')} (default: intersects)`],
  minCoverage: ['--min-coverage <share>', 'least share of the area that a granule covers: 0 to 1'],
  since: ['--since <time>', 'only what came into the index then or later: RFC 3339 time or date'],
  best: ['--best <of>', `only the least clouded, then most covering of each: ${BESTS.join(' or ')}`],
  sort: ['--sort <order>', `${SORTS.join(', ')} (default: -datetime)`],
  limit: ['--limit <granules>', 'granules asked for at a time (default: 250)'],
} as const satisfies Record<string, OptionText>

/** For the commands that may ask for remembered colours. */
export const WHERE_OPTION: OptionText = [
  '--where <comparisons>',
  `only remembered colours such as share_red>=0.4,valid>=0.5; of ${COLOUR_NUMBERS.join(', ')}`,
]

/** Takes two corners, and options that each gather all values they are given. */
export function takeArea(command: Command, options: readonly OptionText[]): Command {
  command.argument('[corners...]', 'lat1 lng1 lat2 lng2: two opposite corners, degrees')
  for (const [flags, description] of options) command.option(flags, description, gather)
  return command
}

/** For an option that may be given several times, if only to be told that it is wrong. */
export const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const CORNERS = ['lat1', 'lng1', 'lat2', 'lng2']

export const cornersOf = (corners: readonly string[]): Parameters =>
  Object.fromEntries(CORNERS.map((name, i) => [name, corners[i]]))

export function cornerFaults({ length }: readonly string[]): ParameterError[] {
  if (length <= CORNERS.length) return []
  const message = `there are ${length} corner numbers; four make a box: ${CORNERS.join(' ')}`
  return [{ parameter: 'corners', message }]
}

/** What is wrong with an option that takes a whole number, 1 and up. */
export function countFaults(
  parameter: string,
  given: readonly string[],
  most = Number.POSITIVE_INFINITY,
): ParameterError[] {
  if (given.length > 1) return [{ parameter, message: `${parameter} is given ${given.length} times` }]
  const wanted = most === Number.POSITIVE_INFINITY ? 'above 0' : `from 1 to ${most}`
  return given
    .filter((text) => !/^0*[1-9]\d*$/.test(text) || Number(text) > most)
    .map(() => ({ parameter, message: `${parameter} is not a whole number ${wanted}` }))
}
