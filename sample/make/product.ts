import { type Drawing, drawGranule, offsetOf, PIXEL, SIDE } from './draw.ts'
import { type Plan, TILES } from './granules.ts'
import type { Landscape } from './ground.ts'
import { FORMS, type Form, packJp2 } from './jp2.ts'
import { type Names, nameGranule } from './names.ts'
import {
  coarser,
  coarserClasses,
  detectorStrips,
  type Planes,
  PREVIEW_PIXEL,
  preview,
  trueColour,
} from './pictures.ts'
import { drawnRow, indexRow } from './rows.ts'

/** A product as it will lie in the bucket, with its lines for the two tables. */
export type Product = {
  readonly names: Names
  /** Key in the bucket to content. */
  readonly files: ReadonlyMap<string, Buffer>
  /** Its row of index.csv. */
  readonly indexRow: string
  /** Its row of drawn.csv. */
  readonly drawnRow: string
}

export function makeProduct(plan: Plan, landscape: Landscape): Product {
  const names = nameGranule(plan)
  const drawing = drawGranule(plan, landscape)
  const content = [
    ...images(plan, names, drawing),
    ...quality(plan, names, drawing),
    ...metadata(plan, names),
  ]
  const size = content.reduce((sum, [, bytes]) => sum + bytes.length, 0)
  return {
    names,
    files: new Map([...content, ...(plan.markers ? folderMarkers(names) : [])]),
    indexRow: indexRow(plan, names, size),
    drawnRow: drawnRow(plan, names, drawing),
  }
}

type File = readonly [key: string, content: Buffer]
type Picture = Planes<Uint8Array | Uint16Array>

const granuleFolder = (names: Names): string => `${names.place}/GRANULE/${names.granuleId}`

const BANDS = { B02: 'blue', B03: 'green', B04: 'red' } as const

function images(plan: Plan, names: Names, drawing: Drawing): File[] {
  const folder = `${granuleFolder(names)}/IMG_DATA`
  if (plan.level === 'L2A') return RESOLUTIONS.flatMap((size) => resolution(plan, names, drawing, size))
  const key = (band: string) => `${folder}/${names.image(band)}`
  const files = Object.entries(BANDS).map(
    ([band, colour]): File => [
      key(band),
      pack(plan, FORMS['10m'], { side: SIDE, planes: [drawing[colour]] }),
    ],
  )
  if (plan.form === 'long') return files
  return [...files, [key('TCI'), pack(plan, FORMS.trueColour, trueColour(plan, drawing, SIDE))]]
}

/** L2A holds its bands at three resolutions: metres, pixels of the drawing to a pixel, forms. */
const RESOLUTIONS = [
  { metres: 10, factor: 1, form: FORMS['10m'], colourForm: FORMS['10m'] },
  { metres: 20, factor: 2, form: FORMS['20m'], colourForm: FORMS['20m'] },
  { metres: 60, factor: 6, form: FORMS['60m'], colourForm: FORMS.trueColour60m },
] as const

function resolution(plan: Plan, names: Names, drawing: Drawing, size: (typeof RESOLUTIONS)[number]): File[] {
  const { metres, factor, form, colourForm } = size
  const side = SIDE / factor
  const file = (band: string, picture: Picture, as: Form): File => [
    `${granuleFolder(names)}/IMG_DATA/R${metres}m/${names.image(band, metres)}`,
    pack(plan, as, picture),
  ]
  const bands = {
    red: coarser(drawing.red, factor),
    green: coarser(drawing.green, factor),
    blue: coarser(drawing.blue, factor),
  }
  const files = Object.entries(BANDS).map(([band, colour]) =>
    file(band, { side, planes: [bands[colour]] }, form),
  )
  files.push(file('TCI', trueColour(plan, bands, side), colourForm))
  if (metres === 10) return files
  return [...files, file('SCL', { side, planes: [coarserClasses(drawing.classes, factor)] }, form)]
}

/** The preview, and masks: .jp2 from baseline 04.00 on, .gml before. */
function quality(plan: Plan, names: Names, drawing: Drawing): File[] {
  const folder = `${granuleFolder(names)}/QI_DATA`
  const small = preview(trueColour(plan, drawing, SIDE))
  const first: File = [`${folder}/${names.preview}`, pack(plan, FORMS.preview, small)]
  if (offsetOf(plan) === 0) return [first, [`${folder}/${names.cloudMask}`, Buffer.from(EMPTY_MASK)]]
  const file = (name: string, form: Form, side: number, plane: Uint8Array): File => [
    `${folder}/${name}.jp2`,
    pack(plan, form, { side, planes: [plane] }),
  ]
  const strips = detectorStrips(drawing)
  const feet = Object.keys(BANDS).map((band) => file(`MSK_DETFOO_${band}`, FORMS['10m'], SIDE, strips))
  if (plan.level === 'L1C') return [first, ...feet]
  return [
    first,
    ...feet,
    file('MSK_CLDPRB_20m', FORMS['20m'], SIDE / 2, coarserClasses(drawing.clouds, 2)),
    file('MSK_CLDPRB_60m', FORMS['60m'], SIDE / 6, coarserClasses(drawing.clouds, 6)),
  ]
}

const EMPTY_MASK = '<?xml version="1.0"?>\n<!-- A drawn sample has no mask of this kind. -->\n<mask/>\n'

function pack(plan: Plan, form: Form, picture: Picture): Buffer {
  const pixel = form === FORMS.preview ? PREVIEW_PIXEL : (PIXEL * SIDE) / picture.side
  return packJp2(picture, form, { ...TILES[plan.tile], pixel })
}

/** A few facts in the project's own words: the archive's metadata is far longer and is not imitated. */
function metadata(plan: Plan, names: Names): File[] {
  const text = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<drawn-sample>
  <granule>${names.granuleId}</granule>
  <product>${names.productId}</product>
  <sensing-time>${plan.sensing}</sensing-time>
  <cloud-cover unit="percent">${plan.cloudCover}</cloud-cover>
  <add-offset>${-offsetOf(plan)}</add-offset>
  <quantification-value>10000</quantification-value>
</drawn-sample>
`)
  const tile: File = [`${granuleFolder(names)}/${names.tileMetadata}`, text]
  return names.productMetadata === undefined
    ? [tile]
    : [tile, [`${names.place}/${names.productMetadata}`, text]]
}

/** The six-byte objects that stand beside folders in many years of the archive. */
const folderMarkers = (names: Names): File[] => {
  const granule = granuleFolder(names)
  const folders = [
    names.place,
    `${names.place}/GRANULE`,
    granule,
    `${granule}/IMG_DATA`,
    `${granule}/QI_DATA`,
  ]
  return folders.map((folder) => [`${folder}_$folder$`, Buffer.from('folder')])
}
