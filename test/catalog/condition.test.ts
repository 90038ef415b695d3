import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  COMPARINGS,
  type Condition,
  conditionTest,
  FIELDS,
  type Field,
  fieldOf,
  likeTest,
  type Value,
} from '../../src/catalog/condition.ts'
import { folderProduct, type Granule } from '../../src/sentinel2/granule.ts'
import { granules } from '../http/stac/written.ts'

const database = new DatabaseSync(':memory:')
database.exec('PRAGMA case_sensitive_like = ON')
afterAll(() => database.close())

/** What SQLite says of a condition and a granule: null is neither true nor false. */
function sqlSays(condition: Condition, granule: Granule): unknown {
  const values: Value[] = []
  const columns = FIELDS.map((field) => `? AS ${field}`).join(', ')
  const expression = sqlOf(condition, values)
  const told = FIELDS.map((field) => fieldOf(granule, field) ?? null)
  return database
    .prepare(`SELECT ${expression} AS says FROM (SELECT ${columns}) AS granule`)
    .get(...values, ...told)?.says
}

function sqlOf(condition: Condition, values: Value[]): string {
  const bound = (value: Value) => {
    values.push(value)
    return '?'
  }
  const joined = (all: readonly Condition[], word: string, none: string) =>
    all.length === 0 ? none : `(${all.map((one) => sqlOf(one, values)).join(` ${word} `)})`
  if ('and' in condition) return joined(condition.and, 'AND', '1')
  if ('or' in condition) return joined(condition.or, 'OR', '0')
  if ('not' in condition) return `NOT (${sqlOf(condition.not, values)})`
  if ('isUnknown' in condition) return `${condition.of} IS NULL`
  // SQLite takes nothing at all for in no list; SQL has no empty list, and here an unknown value stays unknown.
  if ('oneOf' in condition)
    return condition.oneOf.length === 0
      ? `${condition.of} <> ${condition.of}`
      : `${condition.of} IN (${condition.oneOf.map(bound).join()})`
  if ('like' in condition) return `${condition.of} LIKE ${bound(condition.like)} ESCAPE '\\'`
  if ('from' in condition)
    return `${condition.of} BETWEEN ${bound(condition.from)} AND ${bound(condition.to)}`
  return `${condition.of} ${condition.is} ${bound(condition.than)}`
}

const TEXTS: readonly Field[] = ['granuleId', 'productId', 'level', 'mgrsTile', 'baseline', 'satellite']
const NUMBERS: readonly Field[] = [
  'sensingTime',
  'generationTime',
  'cloudCover',
  'relativeOrbit',
  'absoluteOrbit',
]

const leavesOf = (fields: readonly Field[], values: fc.Arbitrary<Value>): fc.Arbitrary<Condition> => {
  const of = fc.constantFrom(...fields)
  return fc.oneof(
    fc.record({ of, is: fc.constantFrom(...COMPARINGS), than: values }),
    fc.record({ of, oneOf: fc.array(values, { maxLength: 3 }) }),
    fc.record({ of, from: values, to: values }),
    fc.record({ of, isUnknown: fc.constant(true as const) }),
  )
}

const known = (fields: readonly Field[], others: fc.Arbitrary<Value>) =>
  fc.oneof(
    granules.chain((granule) => fc.constantFrom(...fields).map((field) => fieldOf(granule, field) ?? 0)),
    others,
  )
const pattern = fc
  .array(
    fc.constantFrom('%', '_', '\\%', '\\_', '\\\\', '33', 'U', 'B', 'S2', 'A', '0', 'L', '.', 's', '🛰'),
    {
      maxLength: 7,
    },
  )
  .map((pieces) => pieces.join(''))

const leaves: fc.Arbitrary<Condition> = fc.oneof(
  leavesOf(NUMBERS, known(NUMBERS, fc.constantFrom(-1, 10.25, 1e300)).map(Number)),
  leavesOf(
    TEXTS,
    known(
      TEXTS,
      fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => !text.includes('\0')),
    ).map(String),
  ),
  fc.record({ of: fc.constantFrom(...TEXTS), like: pattern }),
)

const conditions: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: leaves },
    { weight: 2, arbitrary: fc.record({ and: fc.array(tie('tree'), { maxLength: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ or: fc.array(tie('tree'), { maxLength: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ not: tie('tree') }) },
  ),
})).tree

describe('conditions', () => {
  test('are met where SQL says true, and their opposites where it says false', () => {
    const met = { true: 0, false: 0, unknown: 0 }
    fc.assert(
      fc.property(conditions, fc.array(granules, { minLength: 3, maxLength: 3 }), (condition, some) => {
        for (const granule of some) {
          const says = sqlSays(condition, granule)
          met[says === null ? 'unknown' : says === 1 ? 'true' : 'false']++
          expect(conditionTest(condition)(granule)).toBe(says === 1)
          expect(conditionTest({ not: condition })(granule)).toBe(says === 0)
        }
      }),
      { numRuns: 3000 },
    )
    expect(Math.min(met.true, met.false, met.unknown)).toBeGreaterThan(200)
  })

  const granule = (told: Partial<Granule>): Granule => ({
    granuleId: 'L1C_T33UUB_A008526_20170208T092131',
    productId: 'S2A_MSIL1C_20170208T092131_N0204_R093_T33UUB_20170208T092143',
    level: 'L1C',
    mgrsTile: '33UUB',
    sensingTime: 0,
    generationTime: undefined,
    baseline: undefined,
    datatake: undefined,
    cloudCover: undefined,
    totalSize: undefined,
    quality: undefined,
    box: undefined,
    place: 'tiles/33/U/UB/S2A_MSIL1C_20170208T092131_N0204_R093_T33UUB_20170208T092143.SAFE',
    ...told,
  })

  test('read satellite and orbits off the names', () => {
    const long = 'S2A_OPER_MSI_L1C_TL_EPA__20161003T220101_A000123_T33UUB_N02.04'
    expect(
      ['satellite', 'relativeOrbit', 'absoluteOrbit'].map((field) => FIELDS.find((one) => one === field)),
    ).toEqual(['satellite', 'relativeOrbit', 'absoluteOrbit'])
    expect(fieldOf(granule({}), 'satellite')).toBe('S2A')
    expect(fieldOf(granule({}), 'relativeOrbit')).toBe(93)
    expect(fieldOf(granule({}), 'absoluteOrbit')).toBe(8526)
    expect(fieldOf(granule({ granuleId: long }), 'absoluteOrbit')).toBe(123)
    expect(
      fieldOf(granule({ place: 'tiles/33/U/UB/odd.SAFE', granuleId: 'odd' }), 'satellite'),
    ).toBeUndefined()
    expect(fieldOf(granule({ granuleId: 'odd' }), 'absoluteOrbit')).toBeUndefined()
  })

  test.each([
    'S2B_MSIL2A_20200717T105441_N0214_R143_T01CCV_20200717T105441',
    'S2A_MSIL1C_20170208T092131_R093_T33UUB_20170208T092143',
    'S2A_MSIL1C_20170208T092131_N0204_R093_T33UIB_20170208T092143',
    'S2E_MSIL1C_20170208T092131_N0204_R093_T33UUB_20170208T092143',
    'S2A_OPER_PRD_MSIL1C_PDMC_20161003T220101_R093_V20161003T092131_20161003T092131',
    'odd',
  ])('a folder named %s tells satellite and orbit as elsewhere', (folder) => {
    const place = `tiles/33/U/UB/${folder}.SAFE`
    const name = folderProduct(place)
    expect(fieldOf(granule({ place }), 'satellite')).toBe(name?.satellite)
    expect(fieldOf(granule({ place }), 'relativeOrbit')).toBe(name?.relativeOrbit)
  })

  test('a value that is not known is neither within a list nor out of it, but unknown', () => {
    const inNone: Condition = { of: 'cloudCover', oneOf: [] }
    const unknown = granule({})
    expect(conditionTest(inNone)(unknown)).toBe(false)
    expect(conditionTest({ not: inNone })(unknown)).toBe(false)
    expect(conditionTest({ of: 'cloudCover', isUnknown: true })(unknown)).toBe(true)
    expect(conditionTest({ not: inNone })(granule({ cloudCover: 0 }))).toBe(true)
  })

  test('a baseline of ten comes after one of five', () => {
    const since: Condition = { of: 'baseline', is: '>=', than: '05.00' }
    expect(conditionTest(since)(granule({ baseline: '10.00' }))).toBe(true)
    expect(conditionTest(since)(granule({ baseline: '04.00' }))).toBe(false)
  })
})

describe('patterns', () => {
  test('are those of SQLite', () => {
    const like = database.prepare("SELECT ? LIKE ? ESCAPE '\\' AS says")
    const texts = fc
      .array(fc.constantFrom('a', 'b', 'A', '%', '_', '\\', '🛰', '\n'), { maxLength: 10 })
      .map((letters) => letters.join(''))
    const patterns = fc
      .array(fc.constantFrom('a', 'b', 'A', '%', '_', '\\%', '\\_', '\\\\', '🛰', '\n'), { maxLength: 8 })
      .map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(texts, patterns, (text, pattern) => {
        expect(likeTest(pattern)(text)).toBe(like.get(text, pattern)?.says === 1)
      }),
      { numRuns: 20_000 },
    )
  })

  test('a backslash before another letter, or at the end, stands for itself', () => {
    expect(likeTest('a\\b')('a\\b')).toBe(true)
    expect(likeTest('a\\b')('ab')).toBe(false)
    expect(likeTest('a\\')('a\\')).toBe(true)
  })

  test('that others choke on take no time', () => {
    const start = performance.now()
    const hostile = likeTest('%a'.repeat(100))
    for (let i = 0; i < 10_000; i++) expect(hostile('a'.repeat(60))).toBe(false)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
