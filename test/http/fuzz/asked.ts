import { type Body, bodyOf } from './bodies.ts'
import { strangeHeaders, usualHeaders } from './headers.ts'
import { hostileText, hostileValue } from './hostile-texts.ts'
import type { Known } from './known.ts'
import { nameOf, type Operation, type Parameter } from './operations.ts'
import { type Random, randomOf } from './random.ts'
import { type Manner, writtenValue } from './values.ts'

/** A request as it will be written, in pieces that can be left out one by one. Texts are bytes of latin1. */
export type Asked = {
  /** Undefined of one that was made from a path that no document names. */
  readonly operation: Operation | undefined
  /** Of what it was made: the operation and its parameters and members, `GET /area limit`. */
  readonly covers: readonly string[]
  /** Whether method, path or what frames it are bent, so that it may lead anywhere. */
  readonly isBent: boolean
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  readonly headers: readonly string[]
  readonly body: Body | undefined
}

/** Files of pages, and what only App Engine asks, which the document does not name: paths of Hono's. */
export const UNTOLD: Readonly<Record<string, readonly string[]>> = {
  '/explorer/:version/:file': ['/explorer/x/page.js', '/explorer/0/land.json'],
  '/docs/:file{[\\w-]+\\.css}': ['/docs/x.css', '/docs/docs.css'],
  '/granules/:granuleId/:file{preview[^/]*}': ['/granules/x/preview.gif', '/granules/x/previewer'],
  '/_ah/warmup': ['/_ah/warmup'],
}

const METHODS = [
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PATCH',
  'POST',
  'GET',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'BREW',
  'get',
]

/** The request of this number; it depends on the seed, the number and what the service is known to hold. */
export function askedOf(seed: string, n: number, operations: readonly Operation[], known: Known): Asked {
  const random = randomOf(`${seed}:${n}`)
  if (random.chance(0.03)) return untold(random)
  const operation = weighted(random, operations)
  const bends = random.chance(0.12)
  const made = ofOperation(random, operation, known, bends)
  if (!bends) return made
  const method = random.chance(0.5) ? random.pick(METHODS) : made.method
  return { ...made, isBent: true, method, path: random.chance(0.5) ? bent(random, made.path) : made.path }
}

/** What takes more parameters is asked more often. */
function weighted(random: Random, operations: readonly Operation[]): Operation {
  const weight = ({ parameters, posted }: Operation) => 3 + parameters.length + 6 * posted.length
  const pool = operations.flatMap((operation) => Array.from({ length: weight(operation) }, () => operation))
  return random.pick(pool)
}

function ofOperation(random: Random, operation: Operation, known: Known, bends: boolean): Asked {
  const chosen = choose(random, operation)
  // All well, one thing wrong so that the rest is read, or much wrong.
  const wrong = random.below(10)
  const victim = wrong < 4 || chosen.length === 0 ? undefined : random.pick(chosen)
  const mannerOf = (parameter: Parameter): Manner => {
    if (wrong === 9) return random.pick(['good', 'edge', 'hostile'])
    return parameter === victim ? random.pick(['edge', 'hostile']) : 'good'
  }
  const written = chosen.map((parameter) => ({
    parameter,
    value: writtenValue(random, parameter, mannerOf(parameter), known),
  }))
  const path = written.reduce(
    (text, { parameter, value }) =>
      parameter.in === 'path' ? text.replace(`{${parameter.name}}`, () => value) : text,
    operation.path,
  )
  const pieces = written.flatMap(({ parameter, value }) =>
    parameter.in === 'query' ? [`${parameter.name}=${value}`] : [],
  )
  const page = random.chance(0.1) ? known.pages.filter((known) => known.path === operation.path) : []
  const query =
    page.length > 0 ? followed(random, page) : wrong === 8 ? [...pieces, ...unasked(random, pieces)] : pieces
  const takes = operation.posted.length > 0
  const bodyManner =
    victim === undefined && wrong < 6 ? 'good' : random.pick(['good', 'edge', 'hostile'] as const)
  const body =
    takes || (bends && random.chance(0.3)) ? bodyFor(random, operation, bodyManner, known) : undefined
  return {
    operation,
    covers: [
      nameOf(operation),
      ...chosen.map(({ name }) => `${nameOf(operation)} ${name}`),
      ...(body?.members ?? []).map((name) => `${nameOf(operation)} ${name}`),
    ],
    isBent: false,
    method: operation.method,
    path,
    query,
    headers: bends ? strangeHeaders(random) : usualHeaders(random, operation),
    body,
  }
}

const bodyFor = (random: Random, operation: Operation, manner: Manner, known: Known): Body =>
  operation.posted.length > 0
    ? bodyOf(random, operation, manner, known)
    : { type: 'text/plain', bytes: Buffer.from(hostileText(random)), framing: 'length', members: [] }

/** Parameters that give an area, of which a request has one, or none or several by mistake. */
const AREAS = ['lat1', 'bbox', 'intersects']

/** Whatever is required, some of the rest, and what those go with. */
function choose(random: Random, { parameters }: Operation): readonly Parameter[] {
  const names = new Set(parameters.filter(({ required }) => required).map(({ name }) => name))
  const likelihood = random.pick([0, 0.08, 0.15, 0.4])
  const area = random.pick(AREAS)
  const isPlain = random.chance(0.9)
  for (const { name } of parameters) {
    const is = isPlain && AREAS.includes(name) ? name === area : random.chance(likelihood)
    if (is || (!parameters.some(({ name }) => name === 'bbox') && random.chance(0.1))) names.add(name)
  }
  for (const { name, 'x-goes-with': others } of parameters) {
    if (names.has(name) && random.chance(0.95)) for (const other of others) names.add(other)
  }
  if (!isPlain && names.size > 0 && random.chance(0.3)) names.delete(random.pick([...names]))
  return parameters.filter(({ name }) => names.has(name))
}

/** A page further on, sometimes of another query. */
function followed(random: Random, pages: Known['pages']): readonly string[] {
  const [page, other] = [random.pick(pages), random.pick(pages)]
  return [...page.query, `token=${(random.chance(0.8) ? page : other).token}`]
}

/** Parameters that are twice there, unknown, or named as nobody would. */
const unasked = (random: Random, pieces: readonly string[]): readonly string[] =>
  random.pick([
    () => (pieces.length > 0 ? [random.pick(pieces)] : ['x']),
    () => [`limt=5`],
    () => [`${hostileValue(random)}=${hostileValue(random)}`],
    () => ['__proto__=1', 'constructor=2', '__proto__[limit]=3'],
    () => ['limit[]=1', 'bbox[0]=1', 'limit.=1'],
    () => [hostileValue(random)],
    () => Array.from({ length: random.below(300) }, (_, i) => `p${i}=${i}`),
  ])()

/** A path that proxies and routers read in different ways. */
const bent = (random: Random, path: string): string =>
  random.pick([
    () => `${path}/`,
    () => `/${path}`,
    () => `${path}/..`,
    () => `${path}/../..${path}`,
    () => `${path}%2f`,
    () => `${path};x=y`,
    () => path.replaceAll('a', '%61'),
    () => path.toUpperCase(),
    () => path.replace(/[^/]*$/, () => hostileValue(random)),
    () => `${path}/${hostileValue(random)}`,
    () => `http://elsewhere${path}`,
    () => `http://elsewhere:99999${path}`,
    () => path.slice(1),
    () => '*',
    () => `${path}#x`,
    () => `${path}?`,
    () => path.replaceAll('/', '\\'),
    () => `/stac/${'../'.repeat(random.below(9))}${hostileValue(random)}`,
  ])()

function untold(random: Random): Asked {
  const [pattern, paths] = random.pick(Object.entries(UNTOLD))
  return {
    operation: undefined,
    covers: [pattern],
    isBent: true,
    method: random.chance(0.7) ? 'GET' : random.pick(METHODS),
    path: random.chance(0.6) ? random.pick(paths) : `${random.pick(paths)}${hostileValue(random)}`,
    query: random.chance(0.2) ? [hostileValue(random)] : [],
    headers: strangeHeaders(random),
    body: undefined,
  }
}
