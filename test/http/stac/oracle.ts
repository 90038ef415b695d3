import { parseDatetime } from '../../../src/datetime.ts'
import type { Expression, Leaf, Literal } from '../../../src/http/stac/expression.ts'
import { itemIdOf } from '../../../src/http/stac/item-id.ts'
import { folderProduct, type Granule } from '../../../src/sentinel2/granule.ts'

/** What SQL says of an expression and an item's properties; undefined: neither true nor false. */
export function says(expression: Expression, granule: Granule): boolean | undefined {
  if ('and' in expression) {
    const all = expression.and.map((one) => says(one, granule))
    return all.includes(false) ? false : all.includes(undefined) ? undefined : true
  }
  if ('or' in expression) {
    const all = expression.or.map((one) => says(one, granule))
    return all.includes(true) ? true : all.includes(undefined) ? undefined : false
  }
  if ('not' in expression) {
    const one = says(expression.not, granule)
    return one === undefined ? undefined : !one
  }
  if ('intersects' in expression) throw new Error('no shapes here')
  const value = propertyValue(expression.property, granule)
  if ('isUnknown' in expression) return value === undefined
  return value === undefined ? undefined : saysOf(expression, value)
}

/** A property as the item has it; times as numbers. */
function propertyValue(property: string, granule: Granule): string | number | undefined {
  const product = folderProduct(granule.place)
  const values: Record<string, string | number | undefined> = {
    id: itemIdOf(granule),
    collection: `sentinel-2-${granule.level.toLowerCase()}`,
    constellation: 'sentinel-2',
    datetime: granule.sensingTime,
    's2:generation_time': granule.generationTime,
    'eo:cloud_cover': granule.cloudCover,
    's2:processing_baseline': granule.baseline,
    's2:mgrs_tile': granule.mgrsTile,
    'grid:code': `MGRS-${granule.mgrsTile}`,
    's2:product_uri': `${granule.productId}.SAFE`,
    platform: product && `sentinel-2${product.satellite.slice(-1).toLowerCase()}`,
    'sat:relative_orbit': product?.relativeOrbit,
    'sat:absolute_orbit': Number(/_A(\d{6})_/.exec(granule.granuleId)?.[1]),
  }
  return values[property]
}

function saysOf(leaf: Exclude<Leaf, { isUnknown: true }>, value: string | number): boolean {
  const isTime = leaf.property === 'datetime' || leaf.property === 's2:generation_time'
  const ends = (than: Literal) => (isTime ? timeEnds(than) : { from: than, until: than })
  if ('like' in leaf) return likeExpression(leaf.like).test(String(value))
  if ('oneOf' in leaf) return leaf.oneOf.some((one) => value >= ends(one).from && value <= ends(one).until)
  if ('from' in leaf) return value >= ends(leaf.from).from && value <= ends(leaf.to).until
  const { from, until } = ends(leaf.than)
  switch (leaf.is) {
    case '=':
      return value >= from && value <= until
    case '<>':
      return value < from || value > until
    case '<':
      return value < from
    case '<=':
      return value <= until
    case '>':
      return value > until
    case '>=':
      return value >= from
  }
}

function timeEnds(literal: Literal): { from: Literal; until: Literal } {
  if (typeof literal === 'object') return literal
  const time = parseDatetime(String(literal))
  if (typeof time === 'string' || time.from === undefined || time.until === undefined)
    throw new Error(String(time))
  return { from: time.from, until: time.until }
}

export const likeExpression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replaceAll(/\\([%_\\])|([\s\S])/gu, (_, literal?: string, letter?: string) => {
      if (literal !== undefined) return literal.replace(/[\\]/, '\\\\')
      if (letter === '%') return '[\\s\\S]*'
      return letter === '_' ? '[\\s\\S]' : (letter ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    })}$`,
    'u',
  )
