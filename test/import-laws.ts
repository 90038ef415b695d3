import { posix } from 'node:path'
import { importsIn, type Scanned, scan } from './source-scanner.ts'

/*
 * Who may import whom. A file is named by its path from the checkout, `src/catalog/sqlite.ts`; sources are
 * handed over as text, so that a test can plant bad ones.
 */

/** Text of each source by its path. */
export type Sources = Readonly<Record<string, string>>

/** What breaks a law, each a sentence that names the file and the import. */
export function lawBreaches(sources: Sources): string[] {
  const imports = new Map<string, readonly string[]>()
  const breaches = Object.entries(sources).flatMap(([file, text]) => {
    const scanned = scan(text)
    const found = importsIn(scanned)
    const specifiers = found.flatMap(({ specifier }) => specifier ?? [])
    imports.set(file, specifiers)
    const computed = found.length > specifiers.length ? [`${file} imports what only a run can tell`] : []
    return [
      ...computed,
      ...specifiers.flatMap((specifier) =>
        [directionBreach(file, specifier), vendorBreach(file, specifier)].flatMap((why) =>
          why === undefined ? [] : [`${file} imports ${specifier}: ${why}`],
        ),
      ),
      ...processBreaches(file, scanned),
      ...pageBreaches(file, scanned),
    ]
  })
  return [...breaches, ...circles(imports)]
}

/**
 * What all may use: the pure words, the faults, numbers with their words, the statements, how to make a call, where a file grows until it
 * is whole, what an image file says of itself, and how areas and granules lie to each other.
 */
const FOUNDATIONS: readonly (string | undefined)[] = [
  'sentinel2',
  'errors.ts',
  'amount.ts',
  'queries.ts',
  'calls',
  'files',
  'jpeg2000',
  'ground',
]
/** What each room that stands on few others may use. */
const FEW: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'amount.ts': [],
  'queries.ts': [],
  calls: ['errors.ts'],
  files: ['errors.ts'],
  ground: ['sentinel2', 'errors.ts'],
  'index-file': ['sentinel2', 'errors.ts', 'queries.ts', 'files'],
}
const CAPABILITIES: readonly (string | undefined)[] = ['catalog', 'storage', 'store', 'colour', 'index-file']
/**
 * Where adapters are born: wire.ts puts the house together, the others open what the configuration names, each for
 * wire.ts or for a command that needs that alone.
 */
const ROOTS: readonly (string | undefined)[] = [
  'wire.ts',
  'open-catalog.ts',
  'open-storage.ts',
  'open-newer.ts',
]
const OUTSIDE: readonly (string | undefined)[] = ['http', 'cli', ...ROOTS, 'main.ts']

/** What stands open to a file beyond the laws, each with its reason. */
const DOORS: readonly { readonly file: RegExp; readonly target: RegExp }[] = [
  // The index as a file is what this catalog reads.
  { file: /^src\/catalog\/[\w-]+\.ts$/, target: /^src\/index-file\/[\w-]+\.ts$/ },
  // Filters of STAC are written in the conditions that catalogs test.
  { file: /^src\/http\/stac\/[\w-]+\.ts$/, target: /^src\/catalog\/condition\.ts$/ },
  // The format of the index file is what `swath index` is about.
  { file: /^src\/cli\/index-[\w-]+\.ts$/, target: /^src\/index-file\/about\.ts$/ },
]

/**
 * A file of the page may take types of the rest, which are gone before a browser reads it; a value would be asked
 * for where nothing serves it.
 */
function pageBreaches(file: string, { code, texts }: Scanned): string[] {
  if (roomOf(file) !== 'explorer') return []
  const values = [
    ...code.matchAll(/\b(?:import|export)\b(?!\s*type\b)[^'";]*?\bfrom\s*'(\d+)'/g),
    ...code.matchAll(/\bimport\s*\(?\s*'(\d+)'/g),
  ].map(([, name = '']) => texts[Number(name)] ?? '')
  return values
    .filter((specifier) => !/^\.\/[\w-]+\.ts$/.test(specifier) && specifier !== 'maplibre-gl')
    .map((specifier) => `${file} imports ${specifier}: the page takes nothing of the rest but types`)
}

function directionBreach(file: string, specifier: string): string | undefined {
  const target = targetOf(file, specifier)
  const [room, there] = [roomOf(file), roomOf(target)]
  if (room === 'sentinel2') return there === 'sentinel2' ? undefined : 'sentinel2 imports nothing but itself'
  if (room === undefined || there === undefined || target === undefined) return undefined
  if (room === 'jpeg2000' && there !== 'errors.ts' && there !== room && target !== 'src/storage/port.ts') {
    return 'jpeg2000 uses errors.ts and the ranges of storage/port.ts alone'
  }
  const few = FEW[room]
  if (few)
    return there === room || few.includes(there)
      ? undefined
      : `${room} uses ${few.join(', ') || 'nothing'} alone`
  if (room === 'explorer') return undefined
  if (there === 'explorer') return 'the page is served, not imported'
  if (FOUNDATIONS.includes(there) || there === room || room === 'jpeg2000') return undefined
  if (DOORS.some((door) => door.file.test(file) && door.target.test(target))) return undefined
  return roomBreach(room, there, CAPABILITIES.includes(there) && target.endsWith('/port.ts'))
}

/** Whether a file of one room may use another, which is neither its own nor a foundation. */
function roomBreach(room: string, there: string, isPort: boolean): string | undefined {
  if (there === 'main.ts') return 'nobody imports main.ts'
  if (room === 'main.ts') return there === 'cli' ? undefined : 'main.ts hands over to cli'
  if (CAPABILITIES.includes(room)) {
    return isPort
      ? undefined
      : `${room} may use sentinel2, errors.ts, amount.ts, calls, files and the port.ts of another capability`
  }
  if (ROOTS.includes(room)) {
    if (there === 'cli' || there === 'http') return `${room} stands below them`
    return there === 'wire.ts' ? 'wire.ts puts together what the others open' : undefined
  }
  if (room === 'http' || room === 'cli') {
    if (CAPABILITIES.includes(there) && !isPort)
      return `${room} gets its adapters from wire.ts and what opens them`
    return room === 'http' && OUTSIDE.includes(there) ? 'http is handed what it uses' : undefined
  }
  return OUTSIDE.includes(there)
    ? 'verbs know nothing of http, cli, wire.ts and what opens adapters'
    : undefined
}

/** Where each vendor is known, and nowhere else. */
const VENDORS: readonly { readonly vendor: RegExp; readonly home: RegExp }[] = [
  { vendor: /^@google-cloud\/bigquery(\/|$)/, home: /^src\/catalog\/bigquery[\w-]*\.ts$/ },
  { vendor: /^@google-cloud\/storage(\/|$)/, home: /^src\/storage\/gcs\.ts$/ },
  { vendor: /^google-auth-library(\/|$)/, home: /^src\/(catalog\/bigquery[\w-]*|storage\/gcs)\.ts$/ },
  { vendor: /^@duckdb\//, home: /^src\/files\/parquet\.ts$/ },
  { vendor: /^hono(\/|$)/, home: /^src\/http\// },
  { vendor: /^@hono\//, home: /^src\/(http\/[\w/-]+|cli\/serve)\.ts$/ },
  { vendor: /^maplibre-gl(\/|$)/, home: /^src\/explorer\/[\w-]+\.ts$/ },
  { vendor: /^(topojson|world-atlas)/, home: /^src\/http\/explorer-land\.ts$/ },
  { vendor: /^commander(\/|$)/, home: /^src\/cli\// },
  {
    vendor: /^piscina(\/|$)/,
    home: /^src\/(catalog\/sqlite[\w-]*|colour\/sampler|ground\/area-thread|index-file\/row-thread)\.ts$/,
  },
  { vendor: /^@cornerstonejs\//, home: /^workers\/decode-image\.ts$/ },
  { vendor: /^culori(\/|$)/, home: /^src\/colour\/distance\.ts$/ },
  { vendor: /^sharp(\/|$)/, home: /^src\/colour\/picture\.ts$/ },
  { vendor: /^node:sqlite$/, home: /^(src\/store\/database|src\/index-file\/[\w-]+|workers\/[\w/-]+)\.ts$/ },
  { vendor: /^jsts(\/|$)/, home: /^src\/ground\/[\w-]+\.ts$/ },
  { vendor: /^fast-xml-parser(\/|$)/, home: /^src\/catalog\/product-metadata\.ts$/ },
  { vendor: /^prom-client(\/|$)/, home: /^src\/seeing\/[\w.-]+\.ts$/ },
  { vendor: /^pino(\/|$)/, home: /^src\/seeing\/json-log\.ts$/ },
  { vendor: /^@opentelemetry\//, home: /^src\/seeing\/traces\.ts$/ },
  { vendor: /^node:cluster$/, home: /^src\/processes(-asked)?\.ts$/ },
  { vendor: /^(node:)?process$/, home: /^src\/main\.ts$/ },
]

function vendorBreach(file: string, specifier: string): string | undefined {
  const strange = VENDORS.some(({ vendor, home }) => vendor.test(specifier) && !home.test(file))
  return strange ? 'this vendor has its own place' : undefined
}

const PROCESS_USES = [
  /\bprocess\s*\??\.\s*(env|exit)\b/g,
  /\bprocess\s*(?:\?\.)?\s*\[\s*'(\d+)'/g,
  /\{[^{}]*\b(env|exit)\b[^{}]*\}\s*=\s*(?:globalThis\s*\.\s*)?process\b(?!\s*\.)/g,
]

function processBreaches(file: string, { code, texts }: Scanned): string[] {
  if (file === 'src/main.ts') return []
  const names = PROCESS_USES.flatMap((use) => [...code.matchAll(use)]).map(
    ([, name = '']) => texts[Number(name)] ?? name,
  )
  const used = new Set(names.filter((name) => name === 'env' || name === 'exit'))
  return [...used].map((name) => `${file} uses process.${name}: only src/main.ts does`)
}

/** One sentence for each import that closes a circle. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) {
      return [`${[...trail.slice(trail.indexOf(file)), file].join(' imports ')}: imports go in a circle`]
    }
    if (done.has(file)) return []
    const targets = (imports.get(file) ?? []).flatMap((specifier) => targetOf(file, specifier) ?? [])
    const found = targets.flatMap((target) => visit(target, [...trail, file]))
    done.add(file)
    return found
  }
  return [...imports.keys()].flatMap((file) => visit(file, []))
}

/** Folder of src that a file belongs to; the file's own name where it stands at the top. */
function roomOf(path: string | undefined): string | undefined {
  const [root, room] = path?.split('/') ?? []
  return root === 'src' ? room : undefined
}

/** Path of what a relative import names; undefined for packages and Node's own modules. */
const targetOf = (file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined
