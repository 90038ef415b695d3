import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { STAC_ANSWERS } from '../stac/openapi-answers.ts'
import { POSTED_SEARCH, STAC_OPERATIONS } from '../stac/openapi-operations.ts'
import { ANSWERS } from './answers.ts'
import type { Answer, Content, Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { type ParameterObject, parametersOf, postedSchema } from './parameters.ts'

/** An operation of the document (OpenAPI 3.1, 4.8.10). */
export type OperationObject = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly ParameterObject[]
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { schema: object }> }
  readonly responses: Readonly<Record<string, object>>
}

export type OpenApiDocument = {
  readonly openapi: '3.1.1'
  readonly info: Readonly<Record<'title' | 'version' | 'summary' | 'description', string>> & {
    readonly license: object
  }
  readonly servers: readonly { readonly url: string }[]
  readonly security: readonly never[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<'get' | 'post', OperationObject>>>>>
  readonly components: Readonly<Record<'schemas' | 'headers' | 'responses', Readonly<Record<string, object>>>>
}

const TAGS = [
  { name: 'Areas', description: 'The images of an area, counted, priced and listed.' },
  { name: 'Granules', description: 'One tile of one overpass: its images, mean colour and picture.' },
  { name: 'STAC', description: 'The same granules as a STAC API 1.0.' },
  { name: 'Service', description: 'How the service is, and what it says of itself.' },
] as const

/** @param base absolute address of the service's root, no slash at the end */
export function openApiDocument(base: string): OpenApiDocument {
  return {
    openapi: '3.1.1',
    info: {
      title: 'swath',
      version: '0.1.0',
      summary: "From an area to the Sentinel-2 images of Google's public archive",
      description:
        'An unknown parameter is an error, and so is one that is given twice; every bad parameter is named at ' +
        'once. Examples run on the embedded sample.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: base }],
    security: [],
    tags: TAGS,
    paths: pathsOf([...OPERATIONS, ...STAC_OPERATIONS]),
    components: { schemas: schemas(), headers: HEADERS, responses: failureResponses() },
  }
}

function pathsOf(operations: readonly Operation[]): OpenApiDocument['paths'] {
  const paths: Record<string, Partial<Record<'get' | 'post', OperationObject>>> = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) }
  }
  return paths
}

function operationObject(operation: Operation): OperationObject {
  const { id, tag, summary, description, inPath, inQuery, posted, mayPostNothing, answer, failures } =
    operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...(inPath ? parametersOf(inPath, 'path') : []),
      ...(inQuery ? parametersOf(inQuery, 'query') : []),
    ],
    ...(posted ? { requestBody: { required: !mayPostNothing, content: referring(posted) } } : {}),
    responses: {
      [answer.status]: responseOf(answer),
      ...Object.fromEntries(
        failures.toSorted().map((status) => [status, reference('responses', nameOf(tag, status))]),
      ),
    },
  }
}

const responseOf = ({ description, content, headers = [] }: Answer): object => ({
  description,
  ...(headers.length === 0
    ? {}
    : { headers: Object.fromEntries(headers.map((name) => [name, reference('headers', name)])) }),
  ...(Object.keys(content).length === 0
    ? {}
    : {
        content: Object.fromEntries(
          Object.entries(content).map(([type, told]) => [type, mediaOf(type, told)]),
        ),
      }),
})

/** What is not JSON is a text, whose lines may be; of a picture there is nothing to tell. */
function mediaOf(type: string, told: Content): object {
  if ('schema' in told) return { schema: reference('schemas', told.schema) }
  if ('lines' in told) {
    const line = reference('schemas', told.lines)
    return { schema: { type: 'string', description: `One ${told.lines} a line.`, 'x-lines': line } }
  }
  if (!type.startsWith('text/')) return {}
  return { schema: { type: 'string', ...(told.plain === '' ? {} : { description: told.plain }) } }
}

const referring = (names: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(names).map(([type, name]) => [type, { schema: reference('schemas', name) }]),
  )

const reference = (kind: keyof OpenApiDocument['components'], name: string) => ({
  $ref: `#/components/${kind}/${name}`,
})

/** The schemas of answers and of what is posted, each by its name. */
function schemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries({ ...ANSWERS, ...STAC_ANSWERS })) registry.add(schema, { id })
  const written = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` }).schemas
  const named = Object.entries(written).map(([name, { $schema, $id, ...schema }]) => [name, schema])
  return {
    ...Object.fromEntries(named),
    StacSearch: postedSchema(POSTED_SEARCH, ['bbox', 'limit', 'sortby']),
  }
}

const text = (description: string) => ({ description, schema: { type: 'string' } })
const number = (description: string) => ({ description, schema: { type: 'integer', minimum: 0 } })

const HEADERS: Readonly<Record<string, object>> = {
  Link: text('Where there is more: <address of the next page>; rel="next".'),
  ETag: text('Of what is answered, for If-None-Match.'),
  'Swath-Area': text('The box understood: west,south,east,north.'),
  'Swath-Granules': number('Granules on this page.'),
  'Swath-Without-Colour': number('Granules whose colour is not known.'),
  'Swath-Index': text('How fresh the index is: level, newest_sensing, newest_generation, updated.'),
  'Swath-Stale': text(
    'true where the archive is away and something was told from memory that may have changed.',
  ),
  'Retry-After': number('Seconds after which to try again.'),
}

const FAILURES: Readonly<Record<number, string>> = {
  400: 'The query is wrong; every bad parameter is named.',
  404: 'There is no such thing, or it has no colour.',
  413: 'The body is too large.',
  415: 'The body is of another media type.',
  431: 'The address is too long: post the area.',
  500: 'Something is broken here.',
  502: 'The archive failed.',
  429: 'As many requests of this client are under way as may be.',
  503: 'The archive or the service is busy, or the service is misconfigured.',
  504: 'The archive was too late.',
}

/** `BadRequest`; those of STAC, which are told in another form, `StacBadRequest`. */
const nameOf = (tag: string, status: number): string =>
  `${tag === 'STAC' ? 'Stac' : ''}${(STATUS_CODES[status] ?? '').replaceAll(/[^A-Za-z]/g, '')}`

function failureResponses(): Record<string, object> {
  const forms = [
    { tag: '', type: 'application/problem+json', schema: 'Problem' },
    { tag: 'STAC', type: 'application/json', schema: 'StacFailure' },
  ]
  const responses = forms.flatMap(({ tag, type, schema }) =>
    Object.entries(FAILURES).map(([status, description]) => {
      const headers =
        status === '503' || status === '429'
          ? { headers: { 'Retry-After': reference('headers', 'Retry-After') } }
          : {}
      const content = { [type]: { schema: reference('schemas', schema) } }
      return [nameOf(tag, Number(status)), { description, ...headers, content }]
    }),
  )
  return Object.fromEntries(responses)
}
