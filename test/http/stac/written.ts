import fc from 'fast-check'
import type { Expression, Leaf, Literal, Time } from '../../../src/http/stac/expression.ts'
import { LEVELS } from '../../../src/sentinel2/bands.ts'
import type { Granule } from '../../../src/sentinel2/granule.ts'
import { formatTime } from '../../../src/sentinel2/time.ts'

/*
 * Filters and granules at random, and filters as others would write them: as CQL2 text in many spellings and
 * as CQL2 JSON.
 */

const DAY = 86_400e6
const START = Date.UTC(2020, 6, 17) * 1000
const instants = fc.integer({ min: -3, max: 3 }).map((days) => START + days * DAY + (days % 2) * 1_234_567)
const at = (from: number): Time => ({ from, until: from })
const day = (from: number): Time => ({ from, until: from + DAY - 1 })
const timeLiterals: fc.Arbitrary<Literal> = fc.oneof(
  instants.map(at),
  fc.integer({ min: -3, max: 3 }).map((days) => day(START + days * DAY)),
  instants.map(formatTime),
  fc.constantFrom('2020-07-16', '2020-07-18'),
)

const TILES = ['33UUB', '33UUC', '01CCV']
const COMPACT = { L1C: 'MSIL1C', L2A: 'MSIL2A' } as const
const NAMES = { L1C: 'L1C', L2A: 'L2A' } as const

/** Few values each, so that filters meet them. */
export const granules: fc.Arbitrary<Granule> = fc
  .record({
    level: fc.constantFrom(...LEVELS),
    mgrsTile: fc.constantFrom(...TILES),
    satellite: fc.constantFrom('S2A', 'S2B'),
    orbit: fc.constantFrom(1, 22, 143),
    sensingTime: instants,
    generationTime: fc.option(instants, { nil: undefined }),
    cloudCover: fc.option(fc.constantFrom(0, 10, 10.5, 20, 100), { nil: undefined }),
    baseline: fc.option(fc.constantFrom('02.09', '04.00', '05.11'), { nil: undefined }),
    form: fc.constantFrom('compact', 'long', 'odd'),
  })
  .map(({ form, satellite, orbit, ...told }) => {
    const stamp = '20200717T105441'
    const relative = `R${String(orbit).padStart(3, '0')}`
    const folder = `${satellite}_${COMPACT[told.level]}_${stamp}_N0209_${relative}_T${told.mgrsTile}_${stamp}`
    const long = `${satellite}_OPER_MSI_${NAMES[told.level]}_TL_SGS__${stamp}_A0085${10 + (orbit % 80)}_T${told.mgrsTile}_N02.04`
    return {
      ...told,
      granuleId:
        form === 'long' ? long : `${NAMES[told.level]}_T${told.mgrsTile}_A0085${10 + (orbit % 80)}_${stamp}`,
      productId:
        form === 'odd'
          ? 'odd'
          : form === 'long'
            ? `${satellite}_OPER_PRD_${COMPACT[told.level]}_PDMC_${relative}`
            : folder,
      datatake: undefined,
      totalSize: undefined,
      quality: undefined,
      box: undefined,
      place: `tiles/x/${form === 'odd' ? 'odd' : folder}.SAFE`,
    }
  })

const PATTERNS = [
  '%',
  '33U%',
  '%U_',
  'MGRS-33%',
  '%3%',
  'S2A%',
  '%.SAFE',
  '%E',
  'sentinel-2_',
  '%\\%',
  '_',
  '%S%',
  '%2%',
]
type Values = { readonly name: string; readonly values: fc.Arbitrary<Literal> }

const ordered: readonly Values[] = [
  { name: 'eo:cloud_cover', values: fc.constantFrom(-1, 0, 10, 10.5, 20, 100, 200) },
  { name: 'sat:relative_orbit', values: fc.constantFrom(1, 22, 143) },
  { name: 'sat:absolute_orbit', values: fc.constantFrom(8511, 8532) },
  { name: 'datetime', values: timeLiterals },
  { name: 's2:generation_time', values: timeLiterals },
  { name: 's2:processing_baseline', values: fc.constantFrom('02.09', '04.00', '1') },
  { name: 's2:mgrs_tile', values: fc.constantFrom(...TILES) },
  {
    name: 'id',
    values: granules.map(({ productId, granuleId }) => (productId < 'T' ? productId : granuleId)),
  },
]
const unordered: readonly Values[] = [
  { name: 'grid:code', values: fc.constantFrom(...TILES.map((tile) => `MGRS-${tile}`), '33UUB') },
  { name: 'platform', values: fc.constantFrom('sentinel-2a', 'sentinel-2b', 'S2A') },
  { name: 'collection', values: fc.constantFrom('sentinel-2-l1c', 'sentinel-2-l2a', 'landsat') },
  { name: 'constellation', values: fc.constantFrom('sentinel-2', 'landsat') },
  { name: 's2:product_uri', values: granules.map(({ productId }) => `${productId}.SAFE`) },
]
const TEXTS = ['s2:processing_baseline', 's2:mgrs_tile', 'id', ...unordered.map(({ name }) => name)]

const leavesOf = ({ name, values }: Values, comparings: readonly ('=' | '<>' | '<' | '<=' | '>' | '>=')[]) =>
  fc.oneof(
    fc.record({ property: fc.constant(name), is: fc.constantFrom(...comparings), than: values }),
    fc.record({ property: fc.constant(name), oneOf: fc.array(values, { minLength: 1, maxLength: 3 }) }),
    fc.constant({ property: name, isUnknown: true as const }),
  )

const leaves: fc.Arbitrary<Leaf> = fc.oneof(
  ...ordered.map((one) => leavesOf(one, ['=', '<>', '<', '<=', '>', '>='])),
  ...unordered.map((one) => leavesOf(one, ['=', '<>'])),
  ...ordered.map(({ name, values }) => fc.record({ property: fc.constant(name), from: values, to: values })),
  fc.record({ property: fc.constantFrom(...TEXTS), like: fc.constantFrom(...PATTERNS) }),
)

/** Trees of any shape, without colours and shapes. */
export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: leaves },
    { weight: 2, arbitrary: fc.record({ and: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ or: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ not: tie('tree') }) },
  ),
})).tree

const TURNED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** As CQL2 text; each choice of spelling is drawn. @param draw 0 to below 1 */
export function asText(expression: Expression, draw: () => number): string {
  const some = () => ['', ' ', '\n\t '][Math.floor(draw() * 3)] ?? ' '
  const word = (text: string) => ` ${draw() < 0.5 ? text : text.toLowerCase()} `
  const inner = (one: Expression) => `(${some()}${asText(one, draw)}${some()})`
  if ('and' in expression) return expression.and.map(inner).join(word('AND'))
  if ('or' in expression) return expression.or.map(inner).join(word('OR'))
  if ('intersects' in expression) throw new Error('shapes are written by hand')
  const name = ({ property }: Leaf) => (draw() < 0.5 ? property : `"${property}"`)
  if ('not' in expression) {
    const { not } = expression
    if (draw() < 0.5 || !('property' in not) || 'is' in not) return `NOT ${inner(not)}`
    return leafText(not as Leaf, ' NOT ')
  }
  return leafText(expression, ' ')

  function leafText(leaf: Leaf, not: string): string {
    if ('isUnknown' in leaf)
      return `${name(leaf)}${word('IS')}${not === ' ' ? '' : word('NOT')}${word('NULL')}`
    if ('oneOf' in leaf)
      return `${name(leaf)}${not}${word('IN')}(${leaf.oneOf.map(valueText).join(`,${some()}`)})`
    if ('like' in leaf) return `${name(leaf)}${not}${word('LIKE')}${valueText(leaf.like)}`
    if ('from' in leaf)
      return `${name(leaf)}${not}${word('BETWEEN')}${valueText(leaf.from)}${word('AND')}${valueText(leaf.to)}`
    return draw() < 0.3
      ? `${valueText(leaf.than)}${some()}${TURNED[leaf.is]}${some()}${name(leaf)}`
      : `${name(leaf)}${some()}${leaf.is}${some()}${valueText(leaf.than)}`
  }

  function valueText(value: Literal): string {
    if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
    if (typeof value === 'number') return draw() < 0.3 ? value.toExponential() : String(value)
    if (typeof value === 'boolean') return word(String(value).toUpperCase())
    return value.from === value.until
      ? `${word('TIMESTAMP')}('${formatTime(value.from)}')`
      : `${word('DATE')}(${some()}'${formatTime(value.from).slice(0, 10)}')`
  }
}

export function asJson(expression: Expression): unknown {
  if ('and' in expression) return { op: 'and', args: expression.and.map(asJson) }
  if ('or' in expression) return { op: 'or', args: expression.or.map(asJson) }
  if ('not' in expression) return { op: 'not', args: [asJson(expression.not)] }
  const property = { property: expression.property }
  if ('intersects' in expression) return { op: 's_intersects', args: [property, expression.intersects] }
  if ('isUnknown' in expression) return { op: 'isNull', args: [property] }
  if ('oneOf' in expression) return { op: 'in', args: [property, expression.oneOf.map(valueJson)] }
  if ('like' in expression) return { op: 'like', args: [property, expression.like] }
  if ('from' in expression)
    return { op: 'between', args: [property, valueJson(expression.from), valueJson(expression.to)] }
  return { op: expression.is, args: [property, valueJson(expression.than)] }
}

function valueJson(value: Literal): unknown {
  if (typeof value !== 'object') return value
  return value.from === value.until
    ? { timestamp: formatTime(value.from) }
    : { date: formatTime(value.from).slice(0, 10) }
}
