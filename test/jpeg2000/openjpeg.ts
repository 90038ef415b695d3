import { execFile, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../temporary.ts'

const run = promisify(execFile)

/** Whether OpenJPEG's programs are installed (Debian: libopenjp2-tools); if not, a line says what is left out. */
export function hasOpenjpeg(what: string): boolean {
  const found = ['opj_decompress', 'opj_compress'].every((program) => !spawnSync(program, ['-h']).error)
  if (!found) console.log(`Not run: ${what}, for which opj_compress and opj_decompress have to be installed.`)
  return found
}

/** A file decoded by OpenJPEG's own program at a reduce: planes as `Decoded` has them. */
export async function decodedByOpenjpeg(path: string, reduce: number): Promise<Uint8Array> {
  const folder = await temporaryFolder()
  try {
    const raw = join(folder.path, 'planes.raw')
    await run('opj_decompress', ['-quiet', '-i', path, '-r', `${reduce}`, '-o', raw])
    return await readFile(raw)
  } finally {
    await folder.remove()
  }
}

/** Samples below 2^bits, interleaved by pixel. */
export type Picture = {
  readonly width: number
  readonly height: number
  readonly components: 1 | 3
  readonly bits: number
  readonly values: ArrayLike<number>
}

/** A picture packed by OpenJPEG's own program into `path`, with options of it. */
export async function packByOpenjpeg(
  picture: Picture,
  path: string,
  options: readonly string[],
): Promise<void> {
  const { width, height, components, bits, values } = picture
  const folder = await temporaryFolder()
  try {
    const source = join(folder.path, components === 3 ? 'picture.ppm' : 'picture.pgm')
    const bytes = Buffer.from(Array.from(values).flatMap((v) => (bits > 8 ? [v >> 8, v & 0xff] : [v])))
    const head = `P${components === 3 ? 6 : 5}\n${width} ${height}\n${2 ** bits - 1}\n`
    await writeFile(source, Buffer.concat([Buffer.from(head), bytes]))
    await run('opj_compress', ['-i', source, '-o', path, ...options])
  } finally {
    await folder.remove()
  }
}
