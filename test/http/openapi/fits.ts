import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { OpenApiDocument } from '../../../src/http/openapi/document.ts'

type Fits = (response: Response) => Promise<void>

/** Holds answers against the schemas that the document has for them; what does not fit is thrown. */
export function holdAgainst(document: OpenApiDocument): (path: string, method: 'get' | 'post') => Fits {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema({ $id: 'https://swath.test/openapi', components: document.components })
  const check = (schema: object, value: unknown, of: string) => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"https://swath.test/openapi#/')
    if (!ajv.validate(JSON.parse(text), value)) {
      throw new Error(`${of} does not fit: ${ajv.errorsText(ajv.errors?.slice(0, 5))}`)
    }
  }

  return (path, method) => async (response) => {
    const told = resolved(document, document.paths[path]?.[method]?.responses[response.status])
    if (!told)
      throw new Error(`${method} ${path} answers ${response.status}, of which the document tells nothing`)
    const type = response.headers.get('Content-Type') ?? ''
    const contents = Object.entries(told.content ?? {})
    const [, content] = contents.find(([name]) => type === name || type.split(';')[0] === name) ?? []
    const text = await response.text()
    if (!content) {
      if (contents.length > 0 || text !== '') throw new Error(`${path} answers ${type}, which is not told of`)
      return
    }
    const { schema } = content
    const lines = schema?.['x-lines']
    if (lines)
      for (const line of text.trimEnd().split('\n')) check(lines, JSON.parse(line), `A line of ${path}`)
    else if (schema && /json/.test(type)) check(schema, JSON.parse(text), `${path} (${type})`)
    else if (schema) check(schema, text, `${path} (${type})`)
  }
}

type Told = {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, { readonly schema?: object & { readonly 'x-lines'?: object } }>>
}

function resolved(document: OpenApiDocument, told: Told | undefined): Told | undefined {
  const name = told?.$ref?.split('/').at(-1)
  return name === undefined ? told : document.components.responses[name]
}
