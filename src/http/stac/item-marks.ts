import type { ItemFacts } from './item.ts'
import { projectionAt, type TileProjection } from './projection.ts'

/**
 * What stands in the text of a form for what differs from item to item. Numbers stand for numbers; the last two
 * are whole members, which no text within quotes can look like.
 */
export const MARK = {
  /** Prefix and start side by side, as in most keys. */
  stem: '--prefix----start--',
  prefix: '--prefix--',
  start: '--start--',
  base: '--base--',
  bucket: '--bucket--',
  id: '--id--',
  granuleId: '--granule--',
  productId: '--product--',
  datatake: '--datatake--',
  mgrsTile: '--tile--',
  platform: '--platform--',
  datetime: '--datetime--',
  made: '--made--',
  cloudCover: '987654320001',
  relativeOrbit: '987654320002',
  absoluteOrbit: '987654320003',
  coverage: '987654320004',
  epsg: '987654320005',
  west: '987654320006',
  south: '987654320007',
  east: '987654320008',
  north: '987654320009',
  colour: ',"swath:colour":"--colour--"',
  ground: '"ground":"--ground--"',
} as const

export type Slot = keyof typeof MARK

/** Members that stand for the colour's, the last of the properties, and for the ground's. */
export const MARKED_COLOUR = { 'swath:colour': '--colour--' } as const
export const MARKED_GROUND = { ground: '--ground--' } as const

/** Of what is known a mark, of what is not nothing. */
export function markedFacts(facts: ItemFacts): ItemFacts & { readonly projection: TileProjection } {
  const text = (slot: 'datatake' | 'made' | 'platform') =>
    facts[slot] === undefined ? undefined : MARK[slot]
  const number = (slot: 'cloudCover' | 'relativeOrbit' | 'absoluteOrbit') =>
    facts[slot] === undefined ? undefined : Number(MARK[slot])
  const { id, granuleId, productId, mgrsTile, datetime, west, south, east, north } = MARK
  return {
    level: facts.level,
    baseline: facts.baseline,
    id,
    granuleId,
    productId,
    mgrsTile,
    datetime,
    datatake: text('datatake'),
    made: text('made'),
    platform: text('platform'),
    cloudCover: number('cloudCover'),
    relativeOrbit: number('relativeOrbit'),
    absoluteOrbit: number('absoluteOrbit'),
    projection: projectionAt(Number(MARK.epsg), [Number(west), Number(south), Number(east), Number(north)]),
  }
}

const SLOT_OF = new Map<string, Slot>(
  Object.keys(MARK)
    .filter((slot): slot is Slot => slot in MARK)
    .map((slot) => [MARK[slot], slot]),
)
/** Of two marks that begin alike the longer one comes first. */
const MARKS = new RegExp(`(${Object.values(MARK).join('|')})`)

/** The text before each mark, whose slot is told with it, and that behind the last one. */
export function splitAtMarks(text: string): { readonly before: string; readonly slot: Slot | undefined }[] {
  const parts = text.split(MARKS)
  return parts.flatMap((before, i) =>
    i % 2 === 0 ? [{ before, slot: SLOT_OF.get(parts[i + 1] ?? '') }] : [],
  )
}
