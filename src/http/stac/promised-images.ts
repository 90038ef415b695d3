import { BANDS, type Band, type Level, l1cResolution, type Resolution } from '../../sentinel2/bands.ts'
import { type Granule, imagePrefix } from '../../sentinel2/granule.ts'
import {
  type Baseline,
  compareBaselines,
  type Form,
  type ImageName,
  parseDatatake,
} from '../../sentinel2/names.ts'
import { formatCompactTime } from '../../sentinel2/time.ts'
import { namesOf } from './item-id.ts'

/** An image by its name alone: whether it is there, only a listing tells. */
export type Promised = ImageName & { readonly key: string }

/** Where a granule's images stand, what their names begin with, and of which form they are. */
export type ImageNames = { readonly prefix: string; readonly start: string; readonly form: Form }

/** The images that a granule has by rule, in order of their keys; none where its names do not tell. */
export function promisedImages(granule: Granule): readonly Promised[] {
  const names = imageNames(granule)
  return names ? promisedUnder(names, granule) : []
}

/**
 * The images of a level and a baseline (ESA Sentinel-2 PSD 14 and 15; facts of the bucket: before 2016-12-06
 * they are called after the granule and there is no TCI), in order of their keys.
 */
export function promisedUnder(
  { prefix, start, form }: ImageNames,
  { level, baseline }: Pick<Granule, 'level' | 'baseline'>,
): readonly Promised[] {
  return imagesByRule(level, baseline)
    .filter(({ band }) => !(form === 'long' && band === 'TCI'))
    .map(({ band, resolution, before, after }) => ({
      band,
      resolution,
      key: `${prefix}${before}${start}_${band}${after}.jp2`,
    }))
}

/** L2A of 02.05 and 02.06 puts L2A_ before the name. Undefined where the granule's names do not tell. */
export function imageNames(
  granule: Granule,
  { ofGranule, ofFolder } = namesOf(granule),
): ImageNames | undefined {
  const { granuleId, mgrsTile, datatake, level, baseline } = granule
  const prefix = imagePrefix(granule)
  if (ofGranule?.form === 'long') {
    return { prefix, start: granuleId.replace(/_N\d{2}\.\d{2}$/, ''), form: 'long' }
  }
  const start = ofFolder?.start ?? parseDatatake(datatake ?? '')?.start
  if (start === undefined) return undefined
  const prefixed = level === 'L2A' && (baseline === '02.05' || baseline === '02.06')
  return {
    prefix,
    start: `${prefixed ? 'L2A_' : ''}T${mgrsTile}_${formatCompactTime(start)}`,
    form: 'compact',
  }
}

type ByRule = ImageName & { readonly before: string; readonly after: string }

const L2A_10M: readonly Band[] = ['AOT', 'B02', 'B03', 'B04', 'B08', 'TCI', 'WVP']
/** In 20 m and 60 m alike; B01 at 20 m came with 04.00. */
const L2A_COARSE: readonly Band[] = BANDS.L2A.filter(
  (band) => band !== 'B08' && band !== 'B01' && band !== 'B09',
)
const B01_AT_20M_SINCE = '04.00'

const L1C: readonly ByRule[] = BANDS.L1C.flatMap((band) => {
  const resolution = l1cResolution(band)
  return resolution === undefined ? [] : [{ band, resolution, before: '', after: '' }]
})
const l2aOf = (resolution: Resolution, bands: readonly Band[]): readonly ByRule[] =>
  bands.toSorted().map((band) => ({ band, resolution, before: `R${resolution}m/`, after: `_${resolution}m` }))
const L2A_OLD = [...l2aOf(10, L2A_10M), ...l2aOf(20, L2A_COARSE), ...l2aOf(60, [...L2A_COARSE, 'B01', 'B09'])]
const L2A_NEW = [
  ...l2aOf(10, L2A_10M),
  ...l2aOf(20, [...L2A_COARSE, 'B01']),
  ...l2aOf(60, [...L2A_COARSE, 'B01', 'B09']),
]

/** What the granules of a level and a baseline hold, wherever it stands. */
export function imagesByRule(level: Level, baseline: Baseline | undefined): readonly ByRule[] {
  if (level === 'L1C') return L1C
  return compareBaselines(baseline, B01_AT_20M_SINCE) >= 0 ? L2A_NEW : L2A_OLD
}
