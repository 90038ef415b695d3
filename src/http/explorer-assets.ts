import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import type { Coding } from './coding.ts'
import { cellOf, readLand, writeLand } from './explorer-land.ts'

/** A file as it is served. */
export type Asset = {
  readonly mediaType: string
  /** Of its bytes, before any coding. */
  readonly digest: string
  /** Its bytes; packed for the first who asks and kept. */
  as(coding: Coding): Promise<Uint8Array<ArrayBuffer>>
}

export type Assets = {
  readonly page: Asset
  /** Of the content of all of them. */
  readonly version: string
  /** Undefined where there is no such file. */
  find(name: string): Promise<Asset | undefined>
}

const ROOM = join(import.meta.dirname, '..', 'explorer')

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/geo+json',
}

/** Of MapLibre the module, its worker and its style sheet. */
const MAP_FILES = ['maplibre-gl.mjs', 'maplibre-gl-worker.mjs', 'maplibre-gl.css']

/** Natural Earth at 1:110 million for a first look, and in pieces at 1:50 million for who looks closer. */
const COARSE = 'world-atlas/land-110m.json'
const FINE = 'world-atlas/land-50m.json'

/** Reads the page's own files and those of the packages it uses. */
export async function loadAssets(catalog: string): Promise<Assets> {
  const own = (await readdir(ROOM)).filter((name) => /(?<!\.d)\.(ts|css|svg)$/.test(name)).sort()
  const files = await Promise.all([
    ...own.map(async (name) => [name, await readOwn(name)] as const),
    ...MAP_FILES.map(async (name) => [name, await readPackaged(`maplibre-gl/dist/${name}`)] as const),
    ['land.json', writeLand(readLand(await readPackaged(COARSE)), 2)] as const,
  ])
  const assets = new Map(files.map(([name, text]) => [name, assetOf(name, text)]))
  const version = digestOf([...assets].map(([name, { digest }]) => name + digest).join()).slice(0, 12)
  const html = await readFile(join(ROOM, 'index.html'), 'utf8')
  const pieceOf = landPieces()
  return {
    page: assetOf('index.html', filledIn(html, version, catalog, own)),
    version,
    find: async (name) => assets.get(name) ?? (await pieceOf(name)),
  }
}

/** Pieces of the finer coastline, each cut when it is first asked for. */
function landPieces(): Assets['find'] {
  const pieces = new Map<string, Asset>()
  let reading: Promise<ReturnType<typeof readLand>> | undefined
  return async (name) => {
    const cell = cellOf(name)
    if (!cell || pieces.has(name)) return pieces.get(name)
    reading ??= readPackaged(FINE).then(readLand)
    const piece = assetOf(name, writeLand(await reading, 3, cell))
    pieces.set(name, piece)
    return piece
  }
}

/** A file of the page; TypeScript as the JavaScript that is left of it, with packages by their files here. */
async function readOwn(name: string): Promise<string> {
  const text = await readFile(join(ROOM, name), 'utf8')
  if (extname(name) !== '.ts') return text
  return stripTypeScriptTypes(text).replaceAll("import('maplibre-gl')", "import('./maplibre-gl.mjs')")
}

async function readPackaged(path: string): Promise<string> {
  const text = await readFile(fileURLToPath(import.meta.resolve(path)), 'utf8')
  return text.replace(/\n\/[/*]# sourceMappingURL=.*$/m, '')
}

/** Catalogs that the page treats apart: one to open on, and one that bills. */
const KNOWN = ['sample', 'bigquery']

/** The page with the addresses of its assets; modules are named at once, since each would be found by another. */
function filledIn(html: string, version: string, catalog: string, own: readonly string[]): string {
  const modules = own.filter((name) => name.endsWith('.ts'))
  const preloads = modules.map((name) => `<link rel="modulepreload" href="/explorer/${name}">`).join('\n    ')
  return html
    .replace('<!-- modules -->', () => preloads)
    .replaceAll('/explorer/', `/explorer/${version}/`)
    .replace('data-catalog=""', () => `data-catalog="${KNOWN.find((known) => known === catalog) ?? ''}"`)
}

const pack = { br: promisify(brotliCompress), gzip: promisify(gzip) }
/** Brotli at 6 takes a tenth of the time of 11 and a twentieth more bytes. */
const BROTLI = { params: { [zlib.BROTLI_PARAM_QUALITY]: 6 } }

function assetOf(name: string, text: string): Asset {
  const bytes = new TextEncoder().encode(text)
  const packed = new Map<Coding, Promise<Uint8Array<ArrayBuffer>>>()
  const packAs = async (coding: Coding) => {
    if (coding === 'identity') return bytes
    return new Uint8Array(coding === 'br' ? await pack.br(bytes, BROTLI) : await pack.gzip(bytes))
  }
  return {
    mediaType: MEDIA_TYPES[extname(name)] ?? 'application/octet-stream',
    digest: digestOf(bytes).slice(0, 16),
    as: (coding) => {
      const known = packed.get(coding) ?? packAs(coding)
      packed.set(coding, known)
      return known
    },
  }
}

const digestOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('base64url')
