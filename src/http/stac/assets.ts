import type { Image } from '../../list-area.ts'
import type { Band, Resolution } from '../../sentinel2/bands.ts'
import type { Granule } from '../../sentinel2/granule.ts'
import type { Baseline } from '../../sentinel2/names.ts'
import { reflectanceOf, sixDecimals } from '../../sentinel2/reflectance.ts'
import { assetNameOf, bandsOf, calledAs, isReflectance } from './band-facts.ts'
import type { StacAsset } from './documents.ts'
import { thumbnailPlace } from './places.ts'
import type { ImageProjector } from './projection.ts'
import type { Promised } from './promised-images.ts'

export type AssetsTold = {
  /** Absolute address of the service's root, no slash at the end. */
  readonly base: string
  readonly bucket: string
}

/** An image that is listed, with its size, or promised. */
type Told = Promised & Partial<Pick<Image, 'size'>>

/**
 * A granule's images, each by its common name, and a thumbnail that the service draws. Assets are most of an
 * item: what is the same of all items, titles and wavelengths, is told by the collection, and where pixels lie
 * by the item for all images of its own resolution.
 * @param id of the item
 */
export function assetsOf(
  { id, level, baseline }: Pick<Granule, 'level' | 'baseline'> & { readonly id: string },
  images: readonly Told[],
  { base, bucket }: AssetsTold,
  projection: ImageProjector | undefined,
): Record<string, StacAsset> {
  const assets: Record<string, StacAsset> = {}
  for (const { key, band, resolution, size, name } of named(images)) {
    assets[name] = {
      href: httpsUrl(bucket, key),
      ...imageFacts(band, resolution).own,
      ...(isReflectance(band) ? scaling(baseline) : undefined),
      ...(resolution === ITEM_RESOLUTION ? undefined : projection?.(resolution)),
      ...(size === undefined ? undefined : { 'file:size': size }),
      alternate: { gs: { href: `gs://${bucket}/${key}` } },
    }
  }
  assets.thumbnail = { href: thumbnailPlace(base, level, id), ...THUMBNAIL }
  return assets
}

/** Metres: what the item's own shape and transform are of. */
export const ITEM_RESOLUTION = 10

/** The assets that granules may have, as a collection announces them: without addresses. */
export const assetKinds = (images: readonly { readonly band: Band; readonly resolution: Resolution }[]) => ({
  ...Object.fromEntries(
    named(images).map(({ name, band, resolution }) => [
      name,
      { ...imageFacts(band, resolution).announced, ...(isReflectance(band) ? STORED : undefined) },
    ]),
  ),
  thumbnail: THUMBNAIL,
})

const THUMBNAIL = { type: 'image/webp', title: 'Preview', roles: ['thumbnail'] } as const

/** Images and the names of their assets: of a band in several resolutions the finest has the plain one. */
function named<I extends { readonly band: Band; readonly resolution: Resolution }>(images: readonly I[]) {
  const finest = new Map<Band, Resolution>()
  for (const { band, resolution } of images) {
    if (resolution < (finest.get(band) ?? Infinity)) finest.set(band, resolution)
  }
  return images.map((image) => {
    const { key } = assetNameOf(image.band)
    return {
      ...image,
      name: finest.get(image.band) === image.resolution ? key : `${key}-${image.resolution}m`,
    }
  })
}

const facts = new Map<string, ReturnType<typeof factsOf>>()

/** What is the same of all images of a band in a resolution. */
function imageFacts(band: Band, resolution: Resolution) {
  const key = `${band}/${resolution}`
  const known = facts.get(key) ?? factsOf(band, resolution)
  facts.set(key, known)
  return known
}

/** What an item tells of an image, and what the collection does. */
function factsOf(band: Band, resolution: Resolution) {
  const type = 'image/jp2'
  const title = `${assetNameOf(band).title} (${band}), ${resolution} m`
  const roles = band === 'TCI' ? ['visual'] : isReflectance(band) ? ['data', 'reflectance'] : ['data']
  const bands = bandsOf(band)
  return {
    own: { type, roles, gsd: resolution, bands: bands.map(calledAs) },
    announced: { type, title, roles, gsd: resolution, bands },
  }
}

/** How reflectance is stored; ESA Sentinel-2 PSD 15. */
const STORED = { data_type: 'uint16', nodata: 0 } as const
const MANY_DN = 10_000

/** Reflectance is a DN times the scale plus the offset; neither is told where the baseline is not known. */
function scaling(baseline: Baseline | undefined) {
  if (baseline === undefined) return STORED
  const offset = reflectanceOf(0, baseline)
  const scale = (reflectanceOf(MANY_DN, baseline) - offset) / MANY_DN
  return { ...STORED, 'raster:scale': sixDecimals(scale), 'raster:offset': sixDecimals(offset) }
}

/** The archive's keys are of these; whatever else a key holds is escaped. */
const PLAIN_KEY = /^[\w./-]*$/

function httpsUrl(bucket: string, key: string): string {
  const path = PLAIN_KEY.test(key) ? key : key.split('/').map(encodeURIComponent).join('/')
  return `https://storage.googleapis.com/${bucket}/${path}`
}
