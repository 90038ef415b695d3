import { cql2Json, cql2Text } from './cql2.ts'
import { hostileValue } from './hostile-texts.ts'
import { type Known, mangled } from './known.ts'
import type { Parameter, Schema } from './operations.ts'
import type { Random } from './random.ts'
import { goodShape, strangeShape } from './shapes.ts'

/** As clients mean it, at an edge of what is taken or just past it, or meant to harm. */
export type Manner = 'good' | 'edge' | 'hostile'

/** A value of a parameter as it stands in an address. */
export function writtenValue(random: Random, parameter: Parameter, manner: Manner, known: Known): string {
  if (manner === 'hostile') return hostileValue(random)
  const text = manner === 'good' ? goodText(random, parameter, known) : edgeText(random, parameter, known)
  const encoded = encodeURIComponent(text)
  return parameter.in === 'query' ? encoded.replaceAll('%2C', ',') : encoded
}

type Words = (random: Random, known: Known) => string

const date = (random: Random): string =>
  new Date(Date.UTC(2015 + random.below(11), random.below(12), 1 + random.below(28)))
    .toISOString()
    .slice(0, 10)
const time: Words = (random) => `${date(random)}${random.chance(0.5) ? 'T10:26:02Z' : ''}`
const near = (random: Random, a: number, b: number) => random.between(a, b).toFixed(random.below(7))

/** Of parameters whose schema does not tell what is worth asking. */
const GOOD: Readonly<Record<string, Words>> = {
  datetime: (random) => {
    const [from = '', until = ''] = [time(random, NOTHING), time(random, NOTHING)].sort()
    return random.pick([from, `${from}/${until}`, `${from}/..`, `../${until}`])
  },
  since: time,
  intersects: (random) => JSON.stringify(goodShape(random)),
  filter: (random, { properties }) => cql2Text(random, properties),
  query: (random, { properties }) =>
    JSON.stringify({
      [random.pick(properties)]: { [random.pick(['eq', 'lt', 'gte', 'in', 'neq'])]: random.below(100) },
    }),
  rank: (random) =>
    random.chance(0.5)
      ? random.pick(['red', 'green', 'blue'])
      : `#${random.below(0x1000000).toString(16).padStart(6, '0')}`,
  where: (random) =>
    `${random.pick(['red', 'share_blue', 'valid'])}${random.pick(['<', '<=', '>', '>='])}${random.below(11) / 10}`,
  granule_id: (random, { granules }) => random.pick(granules),
  item: (random, { items }) => random.pick(items),
  ids: (random, { items }) => [random.pick(items), random.pick(items)].join(','),
  token: (random, { pages }) => random.pick(pages).token,
  place: (random) => random.pick(['33', '33U', '33UUB', '33UVB', '32', '01', '60X']),
  month: (random) => `20${15 + random.below(11)}-${String(1 + random.below(12)).padStart(2, '0')}`,
  lat: (random) => near(random, 54, 57),
  lng: (random) => near(random, 11, 15),
  bbox: (random) => {
    const [west, south] = [random.between(10, 14), random.between(54, 56)]
    return [west, south, west + random.between(0, 3), south + random.between(0, 3)].join(',')
  },
  // Each is a picture that is remembered, for each granule and form.
  width: (random) => random.pick(['16', '64', '256', '1024']),
  // Each is a colour of its own for each granule, so few of them.
  stride: (random) => random.pick(['1', '8', '16', '64']),
  // A page of the whole archive costs what it costs; here there are few granules.
  limit: (random) => String(random.pick([1, 2, 5, 50, 250, 10_000])),
  sortby: (random) =>
    random.pick(['-datetime', '+datetime', 'eo:cloud_cover', '-swath:coverage,id', 'swath:share_red']),
  fields: (random) => random.pick(['id', '-assets', 'id,properties.datetime,-bbox', '+geometry', '']),
}
for (const [name, like] of [
  ['lat1', 'lat'],
  ['lat2', 'lat'],
  ['lng1', 'lng'],
  ['lng2', 'lng'],
] as const) {
  Object.assign(GOOD, { [name]: GOOD[like] })
}
const NOTHING: Known = { granules: [], items: [], properties: [], pages: [] }

/** By the name, by the schema, or the example. */
function goodText(random: Random, { name, schema, example }: Parameter, known: Known): string {
  if (random.chance(0.15) && example !== undefined) return written(example)
  const words = GOOD[name]
  return words ? words(random, known) : bySchema(random, schema, example)
}

function bySchema(random: Random, schema: Schema, example: unknown): string {
  const { type, minimum, maximum, items } = schema
  if (schema.const !== undefined) return String(schema.const)
  if (schema.enum) return String(random.pick(schema.enum))
  if (type === 'boolean') return String(random.chance(0.5))
  if (type === 'integer' || type === 'number') {
    const number = random.between(minimum ?? 0, maximum ?? (minimum ?? 0) + 1000)
    return String(type === 'integer' ? Math.round(number) : number)
  }
  if (type === 'array' && items && (items.enum || items.type !== 'string')) {
    const most = schema.maxItems ?? 3
    const count = Math.max(schema.minItems ?? 1, 1 + random.below(most))
    return Array.from({ length: count }, () => bySchema(random, items, undefined)).join(',')
  }
  return example === undefined ? 'x' : written(example)
}

const FAR = ['-1', '0', '-0', '1e308', '1e-9', 'NaN', '', ' ', '0.1', '2147483648', '9007199254740993', '1e3']

/** Bounds and one step past them, one too many or too few of a list, near misses of words. */
function edgeText(random: Random, parameter: Parameter, known: Known): string {
  const { name, schema } = parameter
  if (name === 'token') return mangled(random.pick(known.pages).token, random)
  if (name === 'intersects') return JSON.stringify(strangeShape(random))
  if (name === 'filter' && random.chance(0.5)) return JSON.stringify(cql2Json(random, known.properties))
  const { minimum = 0, maximum = 1, items } = schema
  const good = goodText(random, parameter, known)
  if (schema.type === 'integer' || schema.type === 'number') {
    return random.pick([minimum, maximum, minimum - 1, maximum + 1, minimum - 1e-9, ...FAR]).toString()
  }
  if (schema.type === 'array') {
    const of = (wanted: Schema): string => (wanted.type === 'number' ? random.pick(FAR) : good)
    return random.pick([
      `${good},`,
      `,${good}`,
      `${good},${good}`,
      Array.from({ length: random.below(400) }, () => good).join(','),
      Array.from({ length: random.below(8) }, () => of(items ?? {})).join(','),
    ])
  }
  return random.pick([
    good.toUpperCase(),
    good.toLowerCase(),
    good.slice(1),
    `${good}${good}`,
    `${good} `,
    good.slice(0, -1),
    ...FAR,
  ])
}

const written = (example: unknown): string => (Array.isArray(example) ? example.join(',') : String(example))
