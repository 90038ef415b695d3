import { Fault, messageOf } from '../errors.ts'
import { boxesMeet } from '../sentinel2/area.ts'
import type { Level } from '../sentinel2/bands.ts'
import type { Box, Granule } from '../sentinel2/granule.ts'
import { parseDatatake } from '../sentinel2/names.ts'
import { tileBox } from '../sentinel2/tiles.ts'
import { type Micros, parseTime } from '../sentinel2/time.ts'
import type { Storage } from '../storage/port.ts'

/** What a product's own XML tells of its granule; undefined where it does not. ESA Sentinel-2 PSD 14 and 15. */
export type ProductMetadata = {
  readonly sensingTime: Micros | undefined
  readonly generationTime: Micros | undefined
  readonly datatake: string | undefined
  /** Percent, 0 to 100. */
  readonly cloudCover: number | undefined
  /** `PASSED`, `FAILED` …, of the geometric quality. */
  readonly quality: string | undefined
  /** Box of the valid data, of the product's footprint. */
  readonly box: Box | undefined
}

/** Names of what may be missing, for the sentences. */
const CALLED = {
  sensingTime: 'sensing time',
  generationTime: 'generation time',
  datatake: 'datatake',
  cloudCover: 'cloud cover',
  quality: 'geometric quality',
  box: 'footprint',
} as const satisfies Record<keyof ProductMetadata, string>

/** Bytes; real ones have 44 to 72 thousand, those of products that hold many tiles a few hundred thousand. */
export const MOST_XML = 2 * 2 ** 20
/** Tags in tags; real ones have eight. */
const DEEPEST = 40

const PRODUCT_XML = { L1C: 'MTD_MSIL1C.xml', L2A: 'MTD_MSIL2A.xml' } as const satisfies Record<Level, string>

type Of = Pick<Granule, 'place' | 'granuleId' | 'level' | 'mgrsTile'>

/**
 * Reads the XML of a product and of its granule. What is missing or broken leaves its values undefined and
 * is told as a clause each in `problems`.
 * @throws {Fault} as Storage.read, but for an XML that is not there
 */
export async function productMetadata(
  storage: Storage,
  granule: Of,
  signal?: AbortSignal,
): Promise<{ readonly metadata: ProductMetadata; readonly problems: readonly string[] }> {
  const { place, granuleId, level, mgrsTile } = granule
  const problems: string[] = []
  const texts = async (name: string): Promise<Texts> => {
    try {
      return readXml(await xmlOf(storage, `${place}/${name}`, signal), await parser())
    } catch (thrown) {
      if (!(thrown instanceof BadXml)) throw thrown
      problems.push(`${name} ${thrown.message}`)
      return () => []
    }
  }
  const [product, tile] = await Promise.all([
    texts(PRODUCT_XML[level]),
    texts(`GRANULE/${granuleId}/MTD_TL.xml`),
  ])
  const metadata = metadataOf(product, tile, mgrsTile)
  const missing = Object.entries(CALLED)
    .filter(([name]) => !isTold(metadata, name))
    .map(([, called]) => called)
  if (problems.length === 0 && missing.length > 0) problems.push(`they tell no ${missing.join(', no ')}`)
  return { metadata, problems }
}

const isTold = (metadata: ProductMetadata, name: string): boolean =>
  Object.entries(metadata).some(([known, value]) => known === name && value !== undefined)

function metadataOf(product: Texts, tile: Texts, mgrsTile: string): ProductMetadata {
  const datatake = product('Datatake@datatakeIdentifier')[0]
  return {
    sensingTime: timeIn(tile('SENSING_TIME')),
    generationTime: timeIn(product('GENERATION_TIME')),
    datatake: datatake !== undefined && parseDatatake(datatake) ? datatake : undefined,
    cloudCover: percentIn([...product('Cloud_Coverage_Assessment'), ...tile('CLOUDY_PIXEL_PERCENTAGE')]),
    // The flag is of baselines before 02.06, the checks are of those since.
    quality: wordIn([...product('GEOMETRIC_QUALITY_FLAG'), ...product('quality_check@GEOMETRIC_QUALITY')]),
    box: boxIn(product('EXT_POS_LIST'), mgrsTile),
  }
}

const timeIn = ([text]: readonly string[]): Micros | undefined => parseTime(text ?? '')

function percentIn([text = '']: readonly string[]): number | undefined {
  const percent = Number(text)
  return /^\d/.test(text) && percent <= 100 ? percent : undefined
}

const wordIn = ([text = '']: readonly string[]): string | undefined =>
  /^[A-Z_]{1,30}$/.test(text) ? text : undefined

/**
 * The box round lists of `lat lon lat lon …`, whose longitudes are turned to where the tile lies: those of a
 * product at the antimeridian jump from 180 to -180.
 */
function boxIn(lists: readonly string[], mgrsTile: string): Box | undefined {
  const tile = tileBox(mgrsTile)
  const numbers = lists.flatMap((list) => list.split(/\s+/)).map(Number)
  if (!tile || numbers.length < 6 || numbers.length % 2 === 1) return undefined
  const middle = (tile[0] + tile[2]) / 2
  const lats = numbers.filter((_, i) => i % 2 === 0)
  const lons = numbers
    .filter((_, i) => i % 2 === 1)
    .map((lon) => lon + 360 * Math.round((middle - lon) / 360))
  if (!lats.every((lat) => Math.abs(lat) <= 90) || !lons.every(Number.isFinite)) return undefined
  const [west, south, east, north] = [least(lons), least(lats), most(lons), most(lats)]
  const turn = west < -180 ? 360 : west >= 180 ? -360 : 0
  const box: Box = [west + turn, south, east + turn, north]
  return boxesMeet(box, tile) ? box : undefined
}

const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b))
const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b))

/** The XML cannot be read; the message is a clause that follows its name. */
class BadXml extends Error {}

async function xmlOf(storage: Storage, key: string, signal: AbortSignal | undefined): Promise<string> {
  const bytes = await storage.read(key, { first: 0, last: MOST_XML }, signal).catch((thrown: unknown) => {
    // The range of an empty object starts past its end.
    if (thrown instanceof Fault && thrown.code === 'not-found') throw new BadXml('is not there')
    if (thrown instanceof Fault && thrown.code === 'bad-request') throw new BadXml('is empty')
    throw thrown
  })
  if (bytes.length > MOST_XML) throw new BadXml(`has more than ${MOST_XML} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new BadXml('is no UTF-8')
  }
}

/** Texts of the elements of a name, `Name`, of an attribute, `Name@attribute`, of a check, `quality_check@TYPE`. */
type Texts = (name: string) => readonly string[]
type Parser = Awaited<ReturnType<typeof parser>>

/** Loaded where XML is asked for: nobody else should wait for it. */
async function parser() {
  const { XMLParser, XMLValidator } = await import('fast-xml-parser')
  const options = {
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    alwaysCreateTextNode: true,
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    maxNestedTags: DEEPEST,
  }
  return {
    parse: (xml: string): unknown => new XMLParser(options).parse(xml),
    validate: XMLValidator.validate,
  }
}

function readXml(xml: string, { parse, validate }: Parser): Texts {
  // Entities are declared there, a few of which can stand for gigabytes; no product has any.
  if (/<!DOCTYPE|<!ENTITY/i.test(xml)) throw new BadXml('declares a document type')
  if (depthOf(xml) > DEEPEST) throw new BadXml(`has tags nested deeper than ${DEEPEST}`)
  const wrong = validate(xml)
  if (wrong !== true) throw new BadXml(`is no XML (${wrong.err.msg} at line ${wrong.err.line})`)
  const found = new Map<string, string[]>()
  const note = (name: string, text: unknown) => {
    if (typeof text !== 'string') return
    const texts = found.get(name)
    if (texts) texts.push(text.trim())
    else found.set(name, [text.trim()])
  }
  const visit = (name: string, node: unknown): void => {
    if (Array.isArray(node)) {
      for (const each of node) visit(name, each)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const cells = new Map<string, unknown>(Object.entries(node))
    if (!WANTED.has(name)) {
      for (const [child, value] of cells) visit(child, value)
      return
    }
    const check = cells.get('@checkType')
    note(typeof check === 'string' ? `${name}@${check}` : name, cells.get('#text'))
    note(`${name}@datatakeIdentifier`, cells.get('@datatakeIdentifier'))
  }
  try {
    visit('', parse(xml))
  } catch (thrown) {
    throw new BadXml(`is no XML (${messageOf(thrown)})`)
  }
  return (name) => found.get(name) ?? []
}

const WANTED: ReadonlySet<string> = new Set([
  'Datatake',
  'SENSING_TIME',
  'GENERATION_TIME',
  'Cloud_Coverage_Assessment',
  'CLOUDY_PIXEL_PERCENTAGE',
  'GEOMETRIC_QUALITY_FLAG',
  'quality_check',
  'EXT_POS_LIST',
])

/** How deep tags nest, at most about; before a parser that calls itself for each. */
function depthOf(xml: string): number {
  let depth = 0
  let deepest = 0
  for (const [, closes, empty] of xml.matchAll(/<(\/?)[\w:][^<>]*?(\/?)>/g)) {
    if (closes) depth--
    else if (!empty) depth++
    deepest = Math.max(deepest, depth)
  }
  return deepest
}
