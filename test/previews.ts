import { join } from 'node:path'
import sharp from 'sharp'
import { sqliteCatalog } from '../src/catalog/sqlite.ts'
import { decodeThreads } from '../src/colour/sampler.ts'
import { type GranuleColours, granuleColours } from '../src/colour-of.ts'
import { granulePreviews, type PictureForm } from '../src/draw-preview.ts'
import { findGranule } from '../src/list-area.ts'
import { folderStorage } from '../src/storage/folder.ts'
import type { Storage } from '../src/storage/port.ts'
import { sqliteStore } from '../src/store/sqlite.ts'
import { type Edit, editedStorage } from './edited-storage.ts'
import { temporaryFolder } from './temporary.ts'

const SAMPLE = join(import.meta.dirname, '../sample')
export const FULL = 'L1C_T33UUB_A017537_20200715T102602'
/** Valid to 0.60. */
export const HALF = 'L1C_T33UVB_A015792_20180701T102024'
export const LONG = 'S2A_OPER_MSI_L1C_TL_SGS__20160502T154438_A004495_T33UUB_N02.01'
/** Of a baseline whose numbers carry an offset. */
export const OFFSET = 'L1C_T33UUB_A036527_20220620T102042'
export const L2A = 'L2A_T33UUB_A036527_20220620T102042'
export const PNG: PictureForm = { type: 'png', width: undefined }

export const isPreview = (key: string) => /PVI/.test(key)
export const withoutPreview = (key: string) => (isPreview(key) ? 'gone' : undefined)

export type EditFile = (key: string) => Edit | undefined

/** Catalog, decode threads and store that a file of tests shares. */
export async function openPreviews() {
  const catalog = sqliteCatalog({ file: join(SAMPLE, 'index.sqlite'), threads: 1 })
  const sampler = decodeThreads({ threads: 2, deadlineMs: 5000 })
  const sample = folderStorage({ folder: join(SAMPLE, 'bucket') })
  const folder = await temporaryFolder()
  const store = sqliteStore(join(folder.path, 'store.sqlite'))
  const opened: GranuleColours[] = []

  /** Previews of the sample, or of another storage, with some of its files edited. */
  function open(edit?: EditFile, over: Storage = sample, mostBytes = 2 ** 25) {
    const storage = editedStorage(over, edit)
    const name = `storage ${opened.length}`
    const options = { colours: store.colours(name), layouts: store.layouts(name), sampler, atOnce: 4 }
    const made = granuleColours(options)
    opened.push(made)
    const previews = granulePreviews({ mostBytes, atOnce: 2 })
    const { colourOf, pixelsOf } = made.lane(storage)
    const asker = () => previews.over(made.lane(storage).pixelsOf)
    const draw = previews.over(pixelsOf)
    return { asker, colourOf, draw, reads: storage.reads, state: previews.state, close: made.close }
  }

  return {
    open,
    granuleOf: (granuleId: string) => findGranule({ catalog }, granuleId),
    decoded: () => sampler.state().decoded,
    close: async () => {
      for (const colours of opened) colours.close()
      await sampler.close()
      await catalog.close()
      store.close()
      await folder.remove()
    },
  }
}

export type Decoded = {
  /** Of the pixels shown, 0 to 255. */
  readonly mean: readonly number[]
  /** Their share. */
  readonly valid: number
  readonly width: number
  readonly height: number
}

/** What a picture shows, by sharp, which decodes no JPEG 2000. */
export async function decode(bytes: Uint8Array): Promise<Decoded> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const sums = [0, 0, 0]
  let shown = 0
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue
    shown++
    for (const part of [0, 1, 2]) sums[part] = (sums[part] ?? 0) + (data[at + part] ?? 0)
  }
  return { mean: sums.map((sum) => sum / shown), valid: shown / (width * height), width, height }
}

/** The largest difference of any two that stand in one place. */
export const farthest = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))
