import { z } from 'zod'

type JsonSchema = Record<string, unknown>

/** A parameter as OpenAPI 3.1 has it (4.8.12). */
export type ParameterObject = {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description: string
  readonly style?: 'form'
  readonly explode?: false
  readonly schema: JsonSchema
  readonly example?: unknown
  /** Parameters that its example stands beside. */
  readonly 'x-goes-with'?: readonly string[]
}

/** The parameters of a schema that reads them. */
export function parametersOf(shape: z.ZodObject, place: ParameterObject['in']): ParameterObject[] {
  const { properties, required } = writtenSchema(shape)
  const members = asObject(properties)
  return Object.entries(members).map(([name, property]) => {
    const { description = '', example, goesWith, posted: _, ...schema } = asObject(property)
    return {
      name,
      in: place,
      required: isNames(required) && required.includes(name),
      description: String(description),
      // What is a list is written with commas between.
      ...(schema.type === 'array' ? ({ style: 'form', explode: false } as const) : {}),
      schema,
      ...(example === undefined ? {} : { example }),
      ...besides(isNames(goesWith) ? goesWith.filter((other) => other !== name && other in members) : []),
    }
  })
}

const besides = (names: readonly string[]) => (names.length > 0 ? { 'x-goes-with': names } : {})

/**
 * The JSON Schema of what a schema reads, by the form of the value that is written: a text that is read into a
 * list is a list, and one that is read as a number has bounds and no pattern.
 */
function writtenSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...written } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodPipe && isForm(zodSchema.out)) {
        const form = writtenSchema(zodSchema.out)
        Object.assign(jsonSchema, { ...form, ...jsonSchema, type: form.type })
      }
      // What is read and turned has its default, too, though zod leaves it out.
      const preset =
        zodSchema instanceof z.ZodDefault
          ? zodSchema.def.defaultValue
          : z.globalRegistry.get(zodSchema)?.default
      if (preset !== undefined) Object.assign(jsonSchema, { default: preset })
      if (jsonSchema.type !== undefined && jsonSchema.type !== 'string') delete jsonSchema.pattern
    },
  })
  return written
}

/** Whether what a text is read into tells how the text is written. */
const isForm = (out: unknown): out is z.ZodType => out instanceof z.ZodArray || out instanceof z.ZodEnum

/**
 * The JSON Schema of a body whose members are read by the same schemas as the parameters of an address.
 * @param shown the members of the example
 */
export function postedSchema(shape: z.ZodObject, shown: readonly string[]): JsonSchema {
  const { properties } = writtenSchema(shape)
  const members = Object.entries(asObject(properties)).map(([name, property]): [string, JsonSchema] => {
    const { posted, contentMediaType: _, goesWith: __, ...asText } = asObject(property)
    return [name, { ...asText, ...asObject(posted) }]
  })
  return {
    type: 'object',
    properties: Object.fromEntries(
      members.map(([name, { example, ...schema }]) => [name, withExample(schema, example)]),
    ),
    additionalProperties: false,
    examples: [
      Object.fromEntries(
        members.filter(([name]) => shown.includes(name)).map(([name, { example }]) => [name, example]),
      ),
    ],
  }
}

const withExample = (schema: JsonSchema, example: unknown): JsonSchema =>
  example === undefined ? schema : { ...schema, examples: [example] }

const asObject = (value: unknown): JsonSchema =>
  typeof value === 'object' && value !== null ? { ...value } : {}

const isNames = (value: unknown): value is readonly string[] => Array.isArray(value)
