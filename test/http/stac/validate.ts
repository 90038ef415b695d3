import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { StacCatalog, StacCollection, StacItem } from '../../../src/http/stac/documents.ts'
import { CATALOG, COLLECTION, FIELDS_OF, ITEM } from './schemas.ts'

type Document = StacItem | StacCollection | StacCatalog

const own = new Ajv2020({ allErrors: true, strict: false })
addFormats.default(own)
const OWN = {
  Feature: own.compile(ITEM),
  Collection: own.compile(COLLECTION),
  Catalog: own.compile(CATALOG),
} satisfies Record<Document['type'], ValidateFunction>

/** What is wrong with a document, each a line; none where it is as it should be. */
export async function faultsOf(document: Document): Promise<string[]> {
  const written: Document = JSON.parse(JSON.stringify(document))
  return [
    ...errorsOf('swath', OWN[written.type], written),
    ...extensionFaults(written),
    ...(await officialFaults(written)),
  ]
}

function errorsOf(source: string, validate: ValidateFunction, document: Document): string[] {
  if (validate(document)) return []
  return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
    [source, instancePath, message, JSON.stringify(params)].join(' '),
  )
}

/** An extension that is used and not named, or named and not used. */
function extensionFaults(document: Document): string[] {
  const named = new Set(document.stac_extensions)
  const names = namesIn({ ...document, links: [] })
  const used = Object.entries(FIELDS_OF).filter(([, field]) => names.some((name) => field.test(name)))
  const strange = [...named].filter((extension) => !(extension in FIELDS_OF))
  if (document.type !== 'Feature') return strange
  const unnamed = used
    .filter(([extension]) => !named.has(extension))
    .map(([extension]) => `${extension} is used`)
  const unused = [...named].filter((extension) => !used.some(([url]) => url === extension))
  return [...unnamed, ...unused.map((extension) => `${extension} is not used`), ...strange]
}

/** The names of all members, however deep. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(namesIn)
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)])
}

/** Where the official schemas lie, `schemas.stacspec.org/v1.1.0/…` and the others by their addresses. */
const FOLDER = process.env.SWATH_STAC_SCHEMAS
if (FOLDER === undefined) {
  console.log(
    'Not run: the official schemas of STAC, which no checkout holds; SWATH_STAC_SCHEMAS names a folder of them.',
  )
}

const official = new Map<string, Promise<ValidateFunction>>()
const absent = new Set<string>()

async function officialFaults(document: Document): Promise<string[]> {
  if (FOLDER === undefined) return []
  const faults: string[] = []
  for (const url of [CORE[document.type], ...document.stac_extensions]) {
    if (!schemaAt(url)) continue
    const compiled = official.get(url) ?? compile(url)
    official.set(url, compiled)
    faults.push(...errorsOf(url, await compiled, document))
  }
  return faults
}

const SPEC = 'https://schemas.stacspec.org/v1.1.0'
const CORE = {
  Feature: `${SPEC}/item-spec/json-schema/item.json`,
  Collection: `${SPEC}/collection-spec/json-schema/collection.json`,
  Catalog: `${SPEC}/catalog-spec/json-schema/catalog.json`,
} satisfies Record<Document['type'], string>

function compile(url: string): Promise<ValidateFunction> {
  console.log(`Validating against ${url}`)
  const ajv = new Ajv({ allErrors: true, strict: false, loadSchema: async (uri) => schemaAt(uri) ?? {} })
  addFormats.default(ajv)
  // Formats of later drafts: an address is tested by the schemas of this folder.
  for (const format of ['iri', 'iri-reference']) ajv.addFormat(format, true)
  return ajv.compileAsync({ $ref: url })
}

/** The schema of this address; undefined, and a line that says so, where the folder has none. */
function schemaAt(url: string): AnySchemaObject | undefined {
  const bare = url.replace(/#.*$/, '')
  const path = join(FOLDER ?? '', bare.replace(/^https?:\/\//, ''))
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'))
  if (!absent.has(bare)) console.log(`Not run: tests on ${bare}, of which there is none at ${path}.`)
  absent.add(bare)
  return undefined
}
