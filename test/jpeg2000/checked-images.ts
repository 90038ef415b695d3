import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An image whose pixels OpenJPEG's own program vouches for. */
export type CheckedImage = { readonly key: string; readonly name: string; readonly path: string }

const SAMPLE = join(import.meta.dirname, '../../sample/bucket')
export const CHECKSUMS = join(import.meta.dirname, 'checksums.tsv')

/** All images of the embedded sample, in order of key. */
export const sampleImages = (): readonly CheckedImage[] => imagesIn(SAMPLE)

/** Of a folder of real products one picture of each kind and all that a colour is read from; no masks. */
export const realImages = (bucket: string): readonly CheckedImage[] =>
  imagesIn(bucket).filter(
    ({ name }) => /_(B0[1-4]|AOT|SCL|TCI|PVI)[._]/.test(name) && !name.startsWith('MSK_'),
  )

function imagesIn(bucket: string): readonly CheckedImage[] {
  if (!existsSync(bucket)) return []
  return readdirSync(bucket, { recursive: true, encoding: 'utf8' })
    .filter((key) => key.endsWith('.jp2'))
    .sort()
    .map((key) => ({ key, name: key.slice(key.lastIndexOf('/') + 1), path: join(bucket, key) }))
}

/** Of planes as decode.ts and openjpeg.ts give them. */
export const checksumOf = (planes: Uint8Array): string =>
  createHash('sha256').update(planes).digest('hex').slice(0, 16)

/** Checksums of an image's planes, decoded at reduce 0, 1, …, by key: what write-checksums.ts wrote. */
export function storedChecksums(): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(CHECKSUMS, 'utf8').trimEnd().split('\n').slice(1)
  return new Map(
    lines.map((line) => {
      const [key = '', ...checksums] = line.split('\t')
      return [key, checksums] as const
    }),
  )
}
