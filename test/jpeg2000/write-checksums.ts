import { readFileSync, writeFileSync } from 'node:fs'
import { realData } from '../real-data.ts'
import { CHECKSUMS, checksumOf, realImages, sampleImages, storedChecksums } from './checked-images.ts'
import { headerOf } from './cut-images.ts'
import { decodedByOpenjpeg, hasOpenjpeg } from './openjpeg.ts'

/*
 * Writes checksums.tsv: what opj_decompress makes of every image of the sample, and of the real pictures where
 * they are, at every reduce, for machines that lack it. `node test/jpeg2000/write-checksums.ts`, after the
 * sample was drawn anew.
 */

if (hasOpenjpeg('the writing of checksums')) {
  const bucket = realData('bucket')
  const found = [...sampleImages(), ...(bucket === undefined ? [] : realImages(bucket))]
  const checksums = new Map(bucket === undefined ? storedChecksums() : [])
  for (const { key, path } of found) {
    const { coding } = headerOf(readFileSync(path))
    const ofKey: string[] = []
    for (let reduce = 0; reduce <= coding.levels; reduce++) {
      ofKey.push(checksumOf(await decodedByOpenjpeg(path, reduce)))
    }
    checksums.set(key, ofKey)
  }
  const lines = [...checksums].map(([key, ofKey]) => [key, ...ofKey].join('\t')).sort()
  writeFileSync(CHECKSUMS, ['key\tchecksums of the planes at reduce 0, 1, …', ...lines, ''].join('\n'))
}
