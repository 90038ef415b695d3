import type { Granule } from '../../sentinel2/granule.ts'
import { sixDecimals } from '../../sentinel2/reflectance.ts'
import { assetsOf } from './assets.ts'
import { colourProperties, factsOf, type ItemFacts, type ItemTold, itemAround } from './item.ts'
import { namesOf } from './item-id.ts'
import { MARK, MARKED_COLOUR, MARKED_GROUND, markedFacts, type Slot, splitAtMarks } from './item-marks.ts'
import type { Pen } from './pen.ts'
import { type ImageNames, imageNames, promisedImages, promisedUnder } from './promised-images.ts'

/** Writes a granule as JSON whose images are promised. */
export type ItemWriter = (pen: Pen, granule: Granule, told: Told) => void

type Told = Omit<ItemTold, 'images'>

/** How items are laid out. */
export type Layout = {
  /** An object whose member `ground` stands for what writeGround writes. */
  readonly arrange: (parts: ItemParts) => object
  /** Writes members of JSON. */
  readonly writeGround: (pen: Pen, granule: Granule) => void
}

export type ItemParts = ReturnType<typeof itemAround> & {
  readonly ground: typeof MARKED_GROUND
  readonly assets: ReturnType<typeof assetsOf>
}

/** Bytes that are the same of all items of a form, and the slot behind them. */
type Piece = { readonly bytes: Uint8Array; readonly slot: Exclude<Slot, Shared> | undefined }
/** Slots that are the same of all items of a form. */
type Shared = 'base' | 'bucket'
type Values = Readonly<Record<Exclude<Slot, Shared | 'ground'>, string>>

/** Services and buckets are few, baselines some thirty; a form takes 30 KB. */
const MOST_FORMS = 200

/**
 * A writer of items many times as fast as JSON.stringify. Items differ in few words, so these are filled in
 * between bytes that are made once for all items of a form: those of one service, bucket, level, baseline and
 * form of names, of which the same is known.
 */
export function itemWriterOf({ arrange, writeGround }: Layout): ItemWriter {
  const forms = new Map<string, readonly Piece[]>()

  function formOf(facts: ItemFacts, { form }: ImageNames, told: Told): readonly Piece[] {
    const { level, baseline } = facts
    const key = `${form} ${level} ${baseline} ${whatIsKnown(facts, told)} ${told.bucket} ${told.base}`
    const known = forms.get(key)
    if (known) return known
    const marked = markedFacts(facts)
    const { prefix, start, base, bucket } = MARK
    const images = promisedUnder({ prefix, start, form }, marked)
    const assets = assetsOf(marked, images, { base, bucket }, marked.projection.image)
    const coverage = told.coverage === undefined ? undefined : Number(MARK.coverage)
    const around = itemAround(marked, { base, bucket, coverage }, assets)
    const properties = { ...around.properties, ...MARKED_COLOUR }
    const text = JSON.stringify(arrange({ ...around, properties, ground: MARKED_GROUND, assets }))
    const pieces = piecesOf(text, told)
    if (forms.size >= MOST_FORMS) forms.clear()
    forms.set(key, pieces)
    return pieces
  }

  function writeSlowly(pen: Pen, granule: Granule, told: Told, facts: ItemFacts): void {
    const assets = assetsOf(facts, promisedImages(granule), told, facts.projection?.image)
    const parts = { ...itemAround(facts, told, assets), ground: MARKED_GROUND, assets }
    const [before = '', after = ''] = JSON.stringify(arrange(parts)).split(MARK.ground)
    pen.utf8(before)
    writeGround(pen, granule)
    pen.utf8(after)
  }

  return (pen, granule, told) => {
    const names = namesOf(granule)
    const facts = factsOf(granule, names)
    const images = imageNames(granule, names)
    if (!images || !facts.projection || !isPlain(granule)) return writeSlowly(pen, granule, told, facts)
    const values = valuesOf(facts, images, told)
    for (const { bytes, slot } of formOf(facts, images, told)) {
      pen.bytes(bytes)
      if (slot === 'ground') writeGround(pen, granule)
      else if (slot) pen.ascii(values[slot])
    }
  }
}

/** Whether its names need no escape, neither in an address nor in JSON. */
const isPlain = ({ granuleId, productId, datatake, place }: Granule): boolean =>
  PLAIN.test(granuleId) && PLAIN.test(productId) && PLAIN.test(datatake ?? '') && PLAIN_PATH.test(place)
const PLAIN = /^[\w.-]*$/
const PLAIN_PATH = /^[\w./-]*$/

/** A bit for each fact that an item may lack: it then has other members, and maybe other extensions. */
const whatIsKnown = (facts: ItemFacts, { coverage }: Told): number =>
  bit(facts.datatake, 1) |
  bit(facts.made, 2) |
  bit(facts.platform, 4) |
  bit(facts.cloudCover, 8) |
  bit(facts.relativeOrbit, 16) |
  bit(facts.absoluteOrbit, 32) |
  bit(coverage, 64)
const bit = (value: unknown, bit: number): number => (value === undefined ? 0 : bit)

function piecesOf(text: string, told: Told): readonly Piece[] {
  const pieces: Piece[] = []
  let written = ''
  for (const { before, slot } of splitAtMarks(text)) {
    written += before
    if (slot === 'base' || slot === 'bucket') {
      written += JSON.stringify(told[slot]).slice(1, -1)
      continue
    }
    pieces.push({ bytes: Buffer.from(written), slot })
    written = ''
  }
  return pieces
}

function valuesOf(facts: ItemFacts, { prefix, start }: ImageNames, { colour, coverage }: Told): Values {
  const { projection } = facts
  const [west, south, east, north] = projection?.tile['proj:bbox'] ?? []
  return {
    stem: prefix + start,
    prefix,
    start,
    id: facts.id,
    granuleId: facts.granuleId,
    productId: facts.productId,
    datatake: facts.datatake ?? '',
    mgrsTile: facts.mgrsTile,
    platform: facts.platform ?? '',
    datetime: facts.datetime,
    made: facts.made ?? '',
    cloudCover: String(facts.cloudCover),
    relativeOrbit: String(facts.relativeOrbit),
    absoluteOrbit: String(facts.absoluteOrbit),
    coverage: coverage === undefined ? '' : String(sixDecimals(coverage)),
    epsg: String(projection?.tile['proj:epsg']),
    west: String(west),
    south: String(south),
    east: String(east),
    north: String(north),
    colour: colour ? `,${JSON.stringify(colourProperties(colour)).slice(1, -1)}` : '',
  }
}
