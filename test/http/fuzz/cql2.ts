import { hostileText } from './hostile-texts.ts'
import type { Random } from './random.ts'

const COMPARING = ['=', '<>', '<', '<=', '>', '>=']

/** Text of a CQL2 filter over these properties: mostly one that can be read, of up to three levels. */
export function cql2Text(random: Random, names: readonly string[], depth = 0): string {
  if (depth < 3 && random.chance(0.35)) {
    const parts = Array.from({ length: 1 + random.below(3) }, () => cql2Text(random, names, depth + 1))
    const joined = `(${parts.join(random.pick([' AND ', ' OR ']))})`
    return random.chance(0.2) ? `NOT ${joined}` : joined
  }
  const name = nameIn(random, names)
  return random.pick([
    () => `${name} ${random.pick(COMPARING)} ${literal(random)}`,
    () => `${name} ${random.pick(COMPARING)} ${literal(random)}`,
    () => `${literal(random)} ${random.pick(COMPARING)} ${name}`,
    () => `${name} BETWEEN ${literal(random)} AND ${literal(random)}`,
    () => `${name} IN (${literal(random)}, ${literal(random)})`,
    () => `${name} LIKE '${random.pick(['%', '33%', '_3UU%', '%\\', '%%%%%', 'S2A_%', '\\%'])}'`,
    () => `${name} IS ${random.pick(['', 'NOT '])}NULL`,
    () => `T_${random.pick(['INTERSECTS', 'BEFORE', 'DURING', 'EQUALS'])}(${name}, ${interval(random)})`,
    () => `S_INTERSECTS(geometry, ${wkt(random)})`,
    () => hostileText(random),
  ])()
}

/** The same as JSON. */
export function cql2Json(random: Random, names: readonly string[], depth = 0): unknown {
  if (depth < 3 && random.chance(0.35)) {
    const args = Array.from({ length: 1 + random.below(3) }, () => cql2Json(random, names, depth + 1))
    return random.chance(0.2)
      ? { op: 'not', args: args.slice(0, 1) }
      : { op: random.pick(['and', 'or']), args }
  }
  const property = { property: random.chance(0.95) ? random.pick(names) : hostileText(random) }
  const value = () => jsonLiteral(random)
  return random.pick<() => unknown>([
    () => ({ op: random.pick(COMPARING), args: [property, value()] }),
    () => ({ op: random.pick(COMPARING), args: [property, value()] }),
    () => ({ op: random.pick(COMPARING), args: [value(), property] }),
    () => ({ op: 'between', args: [property, value(), value()] }),
    () => ({ op: 'in', args: [property, [value(), value()]] }),
    () => ({ op: 'like', args: [property, random.pick(['%', '33%', '%\\', hostileText(random)])] }),
    () => ({ op: 'isNull', args: [property] }),
    () => ({
      op: 't_intersects',
      args: [property, { interval: ['2020-01-01', random.pick(['..', '2021-01-01', 5])] }],
    }),
    () => ({
      op: 's_intersects',
      args: [{ property: 'geometry' }, { type: 'Point', coordinates: [12.5, 55.6] }],
    }),
    () => ({
      op: random.pick(['__proto__', 'constructor', '', 5, null, 'casei']),
      args: [property, value()],
    }),
    () => ({
      op: '=',
      args: random.pick<unknown>([null, {}, [], [property], 'x', [property, value(), value()]]),
    }),
    value,
  ])()
}

const nameIn = (random: Random, names: readonly string[]): string => {
  if (random.chance(0.05)) return `"${hostileText(random)}"`
  const name = random.pick(names)
  return random.chance(0.7) ? `"${name}"` : name
}

const WORDS = [
  '33UUB',
  'sentinel-2a',
  'S2A',
  'sentinel-2-l1c',
  '04.00',
  'PASSED',
  "it''s",
  '',
  '2020-07-15T00:00:00Z',
]

const literal = (random: Random): string =>
  random.pick([
    () => String(random.below(101)),
    () => String(random.between(-1e3, 1e3)),
    () => random.pick(['-0', '1e308', '1e309', '.5', '5.', '+1', 'TRUE', 'FALSE', 'NULL', "''"]),
    () => `'${random.pick(WORDS)}'`,
    () => `TIMESTAMP('${random.pick(['2020-07-15T10:26:02Z', '2020-02-30T00:00:00Z', 'x'])}')`,
    () => `DATE('${random.pick(['2020-07-15', '9999-12-31', '0000-00-00', '2020'])}')`,
    () => `'${hostileText(random).replaceAll("'", random.pick(["''", "'"]))}'`,
  ])()

const jsonLiteral = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => random.below(101),
    () => random.between(-1e3, 1e3),
    () => random.pick<unknown>([-0, 1e308, true, false, null, [], {}, [[]]]),
    () => random.pick(WORDS),
    () => ({ timestamp: random.pick<unknown>(['2020-07-15T10:26:02Z', 'x', 5]) }),
    () => ({ date: random.pick(['2020-07-15', '9999-12-31', '']) }),
    () => hostileText(random),
  ])()

const interval = (random: Random): string =>
  random.pick([
    "INTERVAL('2020-01-01','2021-01-01')",
    "INTERVAL('..','..')",
    "INTERVAL('2021','2020')",
    "DATE('2020-07-15')",
  ])

const wkt = (random: Random): string =>
  random.pick([
    'POINT(12.5 55.6)',
    'POLYGON((12 55,13 55,13 56,12 55))',
    'POLYGON((12 55,13 56,13 55,12 56,12 55))',
    'POINT EMPTY',
    'POINT(NaN 1)',
    'MULTIPOINT((1 1),(2 2))',
    `POLYGON((${'1 1,'.repeat(random.below(50))}1 1))`,
    'GEOMETRYCOLLECTION(POINT(1 1))',
    'SRID=4326;POINT(1 1)',
    'BBOX(12,55,13,56)',
  ])
