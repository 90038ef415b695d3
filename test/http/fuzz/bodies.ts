import { deflateSync, gzipSync } from 'node:zlib'
import { cql2Json, cql2Text } from './cql2.ts'
import { hostileText } from './hostile-texts.ts'
import { type Known, mangled } from './known.ts'
import type { Operation, Schema } from './operations.ts'
import type { Random } from './random.ts'
import { goodShape, strangeShape } from './shapes.ts'
import type { Manner } from './values.ts'

export type Body = {
  readonly type: string
  readonly bytes: Buffer
  /** How its end is told. */
  readonly framing: 'length' | 'chunked'
  /** Of the header, where it is sent. */
  readonly encoding?: string
  /** Members of an object that it holds, of those in its schema. */
  readonly members: readonly string[]
}

/** A body for an operation that takes one: as its schema tells, or wrong in form, type or coding. */
export function bodyOf(random: Random, { posted }: Operation, manner: Manner, known: Known): Body {
  const { type, schema } = random.pick(posted)
  const [value, members] = schema.properties?.collections
    ? search(random, schema, manner, known)
    : [manner === 'good' ? goodShape(random) : strangeShape(random), []]
  const text = JSON.stringify(value) ?? ''
  const framing = random.chance(0.2) ? 'chunked' : 'length'
  if (manner !== 'hostile') return { type, bytes: Buffer.from(text), framing, members }
  return { type, bytes: Buffer.from(text), framing, members, ...spoilt(random, text) }
}

/** What is wrong with the bytes or with what is said of them. */
const spoilt = (random: Random, text: string): Partial<Body> =>
  random.pick<() => Partial<Body>>([
    () => ({
      type: random.pick([
        'text/plain',
        '',
        'multipart/form-data; boundary=x',
        'application/json; charset=utf-16',
        'x/y\tz',
      ]),
    }),
    () => ({ bytes: Buffer.from(text.slice(0, random.below(text.length + 1))) }),
    () => ({ bytes: Buffer.from(`\ufeff${text}`) }),
    () => ({ bytes: Buffer.from(text, 'utf16le') }),
    () => ({ bytes: Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff, 0xfe, 0xc0])]) }),
    () => ({ bytes: gzipSync(text), encoding: 'gzip' }),
    () => ({ bytes: deflateSync(text), encoding: random.pick(['deflate', 'br', 'x']) }),
    () => ({ bytes: Buffer.alloc(0) }),
    () => ({ bytes: Buffer.from(`{"__proto__":{"limit":1},"constructor":${text}}`) }),
    () => ({ bytes: Buffer.from(deep(random)) }),
    () => ({ bytes: Buffer.from(`${text}${text}`) }),
    () => ({ bytes: Buffer.from(`{"limit":1,"limit":${random.pick(['1e999', '"1"', '{}', '01'])}}`) }),
    () => ({ bytes: Buffer.from(JSON.stringify({ [hostileText(random)]: hostileText(random) })) }),
    () => ({ bytes: Buffer.from(hostileText(random)) }),
  ])()

function deep(random: Random): string {
  const depth = Math.ceil(10 ** random.between(1, 3.7))
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"type":"Feature","geometry":', '}'],
    ['{"filter":{"op":"not","args":[', ']}}'],
  ])
  return `${open?.repeat(depth)}1${close?.repeat(depth)}`
}

type Members = Readonly<Record<string, (random: Random, known: Known) => unknown>>

const MEMBERS: Members = {
  filter: (random, { properties }) =>
    random.chance(0.8) ? cql2Json(random, properties) : cql2Text(random, properties),
  intersects: goodShape,
  ids: (random, { items }) => [random.pick(items), random.pick(items)],
  token: (random, { pages }) => random.pick(pages).token,
  query: (random, { properties }) => ({
    [random.pick(properties)]: { [random.pick(['eq', 'lt', 'in'])]: 5 },
  }),
}
const WRONG: Members = {
  intersects: strangeShape,
  token: (random, { pages }) => mangled(random.pick(pages).token, random),
  bbox: (random) =>
    random.pick<unknown>([[1, 2, 3], [1, 2, 3, 4, 5], [10, 10, 0, 0], [null, 1, 2, 3], {}, '1,2,3,4']),
  limit: (random) => random.pick<unknown>([0, -1, 1e308, '5', null, 1.5, [], 10_001]),
}

/** A search as an object of the members of its schema, and which they are. */
function search(random: Random, schema: Schema, manner: Manner, known: Known): [object, string[]] {
  const entries = Object.entries(schema.properties ?? {})
  const chosen = entries.filter(() => random.chance(0.25))
  const wrong = manner === 'good' || chosen.length === 0 ? undefined : random.pick(chosen)[0]
  const members = chosen.map(([name, { examples = [], enum: words }]): [string, unknown] => {
    if (name === wrong) {
      const made = WRONG[name]
      return [
        name,
        made && random.chance(0.7)
          ? made(random, known)
          : random.pick<unknown>([null, [], {}, '', -1, true, hostileText(random), [[]]]),
      ]
    }
    const made = MEMBERS[name]
    return [name, made && random.chance(0.8) ? made(random, known) : words ? random.pick(words) : examples[0]]
  })
  return [Object.fromEntries(members), chosen.map(([name]) => name)]
}
