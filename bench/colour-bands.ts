import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import pMap from 'p-map'
import { z } from 'zod'
import { messageOf } from '../src/errors.ts'
import { blockMeans, DRAWING, drawnLand, type LandBand, pastEdge, type Strip } from './drawn-land.ts'
import { table } from './figures.ts'

/*
 * node bench/colour-bands.ts [--to DIR]
 * Bands of full size in the codestream form of the archive, for the benches of colours: 436 MB, made once,
 * kept out of git. Each has the truth about it in a JSON beside it, counted while it was drawn.
 */

const FOLDER = resolve(import.meta.dirname, '../.swath/bench-bands')
/** Pixels of the 10 m grid along a side. */
const SIDE = 10_980
/** Rows drawn at a time: whole blocks of 2 and of 6. */
const STRIP = 60
/** Compressions at a time; each takes half a GB of memory for a 10 m band. */
const AT_ONCE = 2

/** Pixels all; a precinct's side is the same at every resolution, as in the real files of 10, 20 and 60 m. */
const FORMS = {
  10: { tile: 1024, codeBlock: 64, precinct: 256 },
  20: { tile: 640, codeBlock: 8, precinct: 128 },
  60: { tile: 192, codeBlock: 4, precinct: 64 },
} as const

type Plan = { readonly band: LandBand; readonly metres: keyof typeof FORMS; readonly cover: 'full' | 'edge' }

/** In the order they are made. */
const PLANS = {
  B02_10m: { band: 'B02', metres: 10, cover: 'full' },
  B03_10m: { band: 'B03', metres: 10, cover: 'full' },
  B04_10m: { band: 'B04', metres: 10, cover: 'full' },
  B03_10m_edge: { band: 'B03', metres: 10, cover: 'edge' },
  B04_20m: { band: 'B04', metres: 20, cover: 'full' },
  B04_60m: { band: 'B04', metres: 60, cover: 'full' },
} as const satisfies Readonly<Record<string, Plan>>

export type MadeName = keyof typeof PLANS
const NAMES = Object.keys(PLANS) as readonly MadeName[]

const truthSchema = z.object({
  /** What the file was made by; another recipe makes another file. */
  recipe: z.string(),
  /** Pixels. */
  side: z.number(),
  metresPerPixel: z.number(),
  bitsPerSample: z.number(),
  /** Of the pixels that are not 0, DN. */
  mean: z.number(),
  /** Share of pixels that are not 0, 0 to 1. */
  validShare: z.number(),
  validPixels: z.number(),
  /** Least and largest DN of the pixels that are not 0. */
  least: z.number(),
  largest: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  encoder: z.string(),
  secondsToEncode: z.number(),
})
type Truth = z.infer<typeof truthSchema>

/** A band on disk and the exact truth about its pixels, known without a decode: the packing is lossless. */
export type MadeBand = Truth & { readonly path: string }
export type MadeBands = { readonly folder: string; readonly bands: Readonly<Record<MadeName, MadeBand>> }

/**
 * The bands, made where they are not there yet: a minute or two on two cores, 1.1 GB of scratch in the folder.
 * @throws where opj_compress is missing or fails, or where another run is making them
 */
export async function madeBands(folder: string = FOLDER): Promise<MadeBands> {
  await mkdir(folder, { recursive: true })
  const kept = await keptBands(folder)
  const missing = NAMES.filter((name) => !kept.has(name))
  if (missing.length > 0) await make(folder, missing)
  return { folder, bands: allOf(missing.length > 0 ? await keptBands(folder) : kept) }
}

async function make(folder: string, names: readonly MadeName[]): Promise<void> {
  const encoder = encoderVersion()
  const scratch = join(folder, 'drawing')
  await mkdir(scratch).catch((cause: unknown) => {
    throw new Error(`Another run makes the bands, or was broken off and left ${scratch} to delete`, { cause })
  })
  try {
    console.error(`Drawing ${names.join(', ')} …`)
    const sheets = await draw(scratch, names)
    await pMap(sheets, (sheet) => pack(folder, sheet, encoder), { concurrency: AT_ONCE })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A band as drawn: its samples in a file, 16 bits each, low byte first, and what was counted on the way. */
type Sheet = {
  readonly name: MadeName
  readonly raw: string
  readonly file: FileHandle
  readonly count: { sum: number; valid: number; least: number; largest: number }
}

/** All bands in one pass over the ground, so that they show the same. */
async function draw(scratch: string, names: readonly MadeName[]): Promise<readonly Sheet[]> {
  const sheets: Sheet[] = []
  try {
    for (const name of names) {
      const raw = join(scratch, `${name}.rawl`)
      const count = { sum: 0, valid: 0, least: Number.POSITIVE_INFINITY, largest: 0 }
      sheets.push({ name, raw, file: await open(raw, 'w'), count })
    }
    for (const strip of drawnLand(SIDE, STRIP)) {
      for (const { name, file, count } of sheets) {
        const pixels = pixelsOf(PLANS[name], strip)
        tally(count, pixels)
        await file.writeFile(new Uint8Array(pixels.buffer))
      }
    }
  } finally {
    for (const { file } of sheets) await file.close()
  }
  return sheets
}

function pixelsOf({ band, metres, cover }: Plan, strip: Strip): Uint16Array<ArrayBuffer> {
  const pixels = strip.pixels[band]
  if (metres !== 10) return blockMeans(pixels, SIDE, metres / 10)
  return cover === 'edge' ? pastEdge(pixels, SIDE, strip.firstRow) : pixels
}

function tally(count: Sheet['count'], pixels: Uint16Array): void {
  for (const dn of pixels) {
    if (dn === 0) continue
    count.sum += dn
    count.valid++
    if (dn < count.least) count.least = dn
    if (dn > count.largest) count.largest = dn
  }
}

/** Compresses a sheet, deletes its samples, and writes the truth last: a file without it does not count. */
async function pack(folder: string, { name, raw, count }: Sheet, encoder: string): Promise<void> {
  const started = performance.now()
  const fresh = `${raw}.jp2`
  await promisify(execFile)('opj_compress', ['-i', raw, '-o', fresh, ...form(name).split(' ')])
  const secondsToEncode = Number(((performance.now() - started) / 1000).toFixed(1))
  await rm(raw)
  const side = sideOf(name)
  const truth: Truth = {
    recipe: recipe(name),
    side,
    metresPerPixel: PLANS[name].metres,
    bitsPerSample: 15,
    mean: count.sum / count.valid,
    validShare: count.valid / side ** 2,
    validPixels: count.valid,
    least: count.least,
    largest: count.largest,
    bytes: (await stat(fresh)).size,
    sha256: await sha256(fresh),
    encoder,
    secondsToEncode,
  }
  await rename(fresh, imagePath(folder, name))
  await writeFile(truthPath(folder, name), `${JSON.stringify(truth, null, 2)}\n`)
  console.error(`${name}: ${truth.bytes} bytes in ${secondsToEncode} s`)
}

/** LRCP, one layer, the 5/3 wavelet and one tile-part a tile without SOP, EPH or TLM are its defaults. */
function form(name: MadeName): string {
  const { tile, codeBlock, precinct } = FORMS[PLANS[name].metres]
  const precincts = Array(5).fill(`[${precinct},${precinct}]`).join(',')
  const samples = `-F ${sideOf(name)},${sideOf(name)},1,15,u`
  return `${samples} -n 5 -t ${tile},${tile} -b ${codeBlock},${codeBlock} -c ${precincts} -p LRCP -PLT`
}

async function keptBands(folder: string): Promise<ReadonlyMap<MadeName, MadeBand>> {
  const bands = await Promise.all(NAMES.map(async (name) => [name, await keptBand(folder, name)] as const))
  return new Map(bands.flatMap(([name, band]) => (band ? [[name, band]] : [])))
}

/** The band where it is whole and of this recipe; what is cut or of another make is as good as absent. */
async function keptBand(folder: string, name: MadeName): Promise<MadeBand | undefined> {
  const path = imagePath(folder, name)
  try {
    const truth = truthSchema.parse(JSON.parse(await readFile(truthPath(folder, name), 'utf8')))
    const whole = truth.recipe === recipe(name) && (await stat(path)).size === truth.bytes
    return whole ? { path, ...truth } : undefined
  } catch {
    return undefined
  }
}

/** @throws where a name is missing */
function allOf(bands: ReadonlyMap<MadeName, MadeBand>): Record<MadeName, MadeBand> {
  const missing = NAMES.filter((name) => !bands.has(name))
  if (missing.length > 0) throw new Error(`${missing.join(', ')} went away while the bands were made.`)
  return Object.fromEntries(bands) as Record<MadeName, MadeBand>
}

const sideOf = (name: MadeName): number => (SIDE * 10) / PLANS[name].metres
const imagePath = (folder: string, name: MadeName): string => join(folder, `${name}.jp2`)
const truthPath = (folder: string, name: MadeName): string => join(folder, `${name}.json`)
const recipe = (name: MadeName): string =>
  `drawing ${DRAWING}, ${PLANS[name].cover}, opj_compress ${form(name)}`

/** As its help gives it: `OpenJPEG 2.5.0`. @throws where there is none */
function encoderVersion(): string {
  const { error, stdout } = spawnSync('opj_compress', ['-h'], { encoding: 'utf8' })
  if (error) {
    throw new Error('opj_compress does not start; the Debian package libopenjp2-tools has it', {
      cause: error,
    })
  }
  return `OpenJPEG ${/openjp2 library v([\d.]+\d)/.exec(stdout)?.[1] ?? 'of unknown version'}`
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest('hex')
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { to: { type: 'string' } } })
  const { folder, bands } = await madeBands(values.to === undefined ? FOLDER : resolve(values.to))
  console.log(`${folder}\n`)
  table(
    ['band', 'bytes', 'bits a pixel', 'mean DN', 'DN', 'valid share', 'seconds to encode'],
    Object.entries(bands).map(([name, band]) => {
      const { bytes, side, mean, least, largest, validShare, secondsToEncode } = band
      const shares = [((bytes * 8) / side ** 2).toFixed(2), mean.toFixed(4), `${least}–${largest}`]
      return [name, bytes, ...shares, validShare.toFixed(6), secondsToEncode]
    }),
  )
}

if (import.meta.main) {
  await main().catch((thrown: unknown) => {
    console.error(messageOf(thrown))
    process.exitCode = 1
  })
}
