import type { Sharp } from 'sharp'
import type { Shown } from './shown.ts'

export type PictureType = 'png' | 'webp' | 'jpg'

/** What an encoded picture is to look like. */
export type PictureForm = {
  readonly type: PictureType
  /** Pixels; undefined: as wide as what it is made of. */
  readonly width: number | undefined
}

/** Of WebP and JPEG, 1 to 100. */
const QUALITY = 85
const BLACK = '#000000'

/**
 * Brings a picture to its width, the aspect kept, and encodes it, in a thread of the picture library. What holds
 * no data is transparent; JPEG knows no transparency and has it black, as previews of the archive have it.
 */
export async function encodePicture(picture: Shown, form: PictureForm): Promise<Uint8Array<ArrayBuffer>> {
  const { values, width, height, opaque } = picture
  const sharp = await loadSharp()
  const raw = sharp(values, { raw: { width, height, channels: 4 } })
  const sized = form.width === undefined || form.width === width ? raw : raw.resize({ width: form.width })
  const bare = opaque ? sized.removeAlpha() : sized
  return new Uint8Array(await encoded(bare, form.type).toBuffer())
}

function encoded(picture: Sharp, type: PictureType): Sharp {
  switch (type) {
    case 'png':
      return picture.png()
    case 'webp':
      return picture.webp({ quality: QUALITY })
    case 'jpg':
      return picture.flatten({ background: BLACK }).jpeg({ quality: QUALITY })
  }
}

/** Loading takes some 70 ms, which a start need not wait for. */
async function loadSharp() {
  const { default: sharp } = await import('sharp')
  // One thread a picture: several are made at once anyway. No picture is made twice, so none is cached.
  sharp.concurrency(1)
  sharp.cache(false)
  return sharp
}
