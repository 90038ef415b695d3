import { html, raw } from 'hono/html'

type Html = ReturnType<typeof html>
type Schema = Readonly<Record<string, unknown>>

/** The form of a value in few words: `number, 0 to 100`, `list of Image`, with links to forms that have names. */
export function formOf(given: unknown): Html {
  const schema = schemaOf(given)
  if (typeof schema.$ref === 'string') return linkTo(schema.$ref)
  const lines = schema['x-lines']
  if (lines !== undefined) return html`lines, each ${formOf(lines)}`
  if (schema.const !== undefined) return html`<code>${String(schema.const)}</code>`
  if (Array.isArray(schema.enum))
    return oneOf(schema.enum.map((value) => html`<code>${String(value)}</code>`))
  const choices = schema.anyOf ?? schema.oneOf
  if (Array.isArray(choices)) return oneOf(choices.map(formOf))
  if (schema.type === 'array') return listOf(schema)
  return html`${[schema.type].flat().filter(Boolean).join(' or ') || 'any'}${boundsOf(schema)}`
}

export type Member = {
  readonly name: string
  readonly needed: boolean
  readonly schema: unknown
  readonly description: string
}

/** The members of an object; none of what is no object. */
export function membersOf(given: unknown): readonly Member[] {
  const { properties, required } = schemaOf(given)
  return Object.entries(schemaOf(properties)).map(([name, schema]) => ({
    name,
    needed: Array.isArray(required) && required.includes(name),
    schema,
    description: String(schemaOf(schema).description ?? ''),
  }))
}

function listOf({ items, prefixItems, minItems, maxItems }: Schema): Html {
  const count =
    minItems === maxItems ? minItems : maxItems === undefined ? undefined : `${minItems} to ${maxItems}`
  const [first] = Array.isArray(prefixItems) ? prefixItems : []
  const many = Array.isArray(prefixItems) ? prefixItems.length : count
  return html`list of ${many === undefined ? '' : `${many} × `}${formOf(items ?? first)}`
}

function boundsOf({ minimum, maximum, format }: Schema): string {
  // What zod writes of whole numbers is the bound of the language, not of the value.
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (minimum !== undefined && most !== undefined) return `, ${minimum} to ${most}`
  if (minimum !== undefined) return `, ${minimum} and up`
  return format === undefined ? '' : `, ${format}`
}

const oneOf = (choices: readonly Html[]): Html =>
  html`${choices.map((choice, i) => (i === 0 ? choice : html`${raw(', ')}${choice}`))}`

function linkTo(reference: string): Html {
  const name = reference.split('/').at(-1) ?? ''
  return html`<a href="#form-${name}">${name}</a>`
}

const schemaOf = (given: unknown): Schema => (typeof given === 'object' && given !== null ? { ...given } : {})
