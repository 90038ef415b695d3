import { z } from 'zod'

const kinds = z.union([z.string(), z.array(z.string())])

/** What is used of a JSON Schema. */
const schema = z.object({
  type: kinds.optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  examples: z.array(z.unknown()).optional(),
  $ref: z.string().optional(),
  get items() {
    return schema.optional()
  },
  get properties() {
    return z.record(z.string(), schema).optional()
  },
})
const parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean(),
  schema,
  example: z.unknown().optional(),
  'x-goes-with': z.array(z.string()).default([]),
})
const media = z.record(z.string(), z.object({ schema: schema.optional() }))
const operation = z.object({
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ required: z.boolean(), content: media }).optional(),
  responses: z.record(z.string(), z.object({ content: media.optional() })),
})
const document = z.object({
  paths: z.record(
    z.string(),
    z.record(z.enum(['get', 'post', 'put', 'patch', 'delete']), operation.optional()),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

export type Schema = z.infer<typeof schema>
export type Parameter = z.infer<typeof parameter>
export type Operation = {
  readonly method: string
  /** `/granules/{granule_id}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** What may be posted, by media type. */
  readonly posted: readonly { readonly type: string; readonly schema: Schema }[]
  /** Media types of what goes well. */
  readonly answers: readonly string[]
}

/** Whatever an OpenAPI document tells of: each operation with all that it takes. */
export function operationsOf(told: unknown): readonly Operation[] {
  const { paths, components } = document.parse(told)
  const resolved = (given: Schema | undefined): Schema => {
    const named = given?.$ref?.replace('#/components/schemas/', '')
    return named === undefined ? (given ?? {}) : schema.parse(components.schemas[named])
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, about]) =>
      about === undefined
        ? []
        : {
            method: method.toUpperCase(),
            path,
            parameters: about.parameters,
            posted: Object.entries(about.requestBody?.content ?? {}).map(([type, given]) => ({
              type,
              schema: resolved(given.schema),
            })),
            answers: Object.entries(about.responses).flatMap(([status, { content }]) =>
              status.startsWith('2') ? Object.keys(content ?? {}) : [],
            ),
          },
    ),
  )
}

/** `GET /area`. */
export const nameOf = ({ method, path }: Operation): string => `${method} ${path}`
