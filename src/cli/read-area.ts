import { createReadStream, existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { type AreaForm, type AreaQuery, type Purpose, parseAreaQuery } from '../area-query.ts'
import { messageOf, type ParameterError } from '../errors.ts'
import { MOST_POSITIONS } from '../ground/read-geojson.ts'
import type { Parameters } from '../parameters.ts'
import { cornerFaults, cornersOf, type Given } from './area-options.ts'
import type { Terminal } from './terminal.ts'

export type ReadOptions = {
  readonly form?: AreaForm
  /** What the command has found wrong already, to be named with the rest. */
  readonly faults?: readonly ParameterError[]
  readonly purpose?: Purpose
}

/** Room for several times the positions that a shape may have; HTTP takes as much. */
const MOST_BYTES = 10 * 2 ** 20

/**
 * Reads the corners and options of a command over an area, a shape from its file or stdin.
 * @throws {Fault} bad-request naming all that is wrong
 */
export async function readArea(
  { stdin }: Pick<Terminal, 'stdin'>,
  corners: readonly string[],
  given: Given,
  { form = 'box', faults = [], purpose = 'list' }: ReadOptions = {},
): Promise<AreaQuery> {
  const { shape, unread } = await shapeOf(given.intersects, stdin)
  const parameters: Parameters = { ...parametersOf(given), intersects: shape, ...cornersOf(corners) }
  const allFaults = [...cornerFaults(corners), ...faults, ...unread]
  // An area that cannot be read is given all the same, and no other is missing.
  return parseAreaQuery(parameters, unread.length > 0 ? 'any' : form, allFaults, purpose)
}

/** Options by the names of their parameters: commander writes `--min-coverage` as minCoverage. */
const parametersOf = (given: Given): Parameters =>
  Object.fromEntries(
    Object.entries(given).map(([name, values]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      values,
    ]),
  )

type Shape = { readonly shape: readonly string[] | undefined; readonly unread: readonly ParameterError[] }

/** Of an option given twice nothing is read: that is wrong as it is. */
async function shapeOf(given: readonly string[] | undefined, stdin: Readable): Promise<Shape> {
  const [value] = given ?? []
  if (value === undefined || given?.length !== 1) return { shape: given, unread: [] }
  if (value !== '-' && !value.startsWith('@')) {
    return isFile(value)
      ? lost(`is the name of a file; write @${value} to read it`)
      : { shape: given, unread: [] }
  }
  const file = value === '-' ? value : value.slice(1)
  if (file === '') return lost('names no file behind its @; write @file, or @- for standard input')
  const name = file === '-' ? 'standard input' : file
  try {
    const text = await textOf(file === '-' ? stdin : createReadStream(file))
    if (text !== undefined) return { shape: [text], unread: [] }
    return lost(
      `is larger than ${MOST_BYTES / 2 ** 20} MiB in ${name}; simplify the polygon to ` +
        `${MOST_POSITIONS.toLocaleString('en')} positions, the most that an area may have`,
    )
  } catch (thrown) {
    return lost(whyUnread(name, thrown))
  }
}

function whyUnread(name: string, thrown: unknown): string {
  switch (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `cannot be read: there is no file ${name}`
    case 'EISDIR':
      return `cannot be read: ${name} is a folder`
    case 'EACCES':
    case 'EPERM':
      return `cannot be read: the file ${name} may not be read`
    default:
      return `cannot be read from ${name}: ${messageOf(thrown)}`
  }
}

/** Looked for only where the text is no GeoJSON: that is an object. */
const isFile = (text: string): boolean => !text.trimStart().startsWith('{') && existsSync(text)

const lost = (clause: string): Shape => ({
  shape: undefined,
  unread: [{ parameter: 'intersects', message: `intersects ${clause}` }],
})

/** Undefined where it is too large; what is no UTF-8 is for the parser to refuse. */
async function textOf(stream: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MOST_BYTES) return undefined
    chunks.push(bytes)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
