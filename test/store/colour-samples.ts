import type { Colour, Sampling } from '../../src/colour/port.ts'
import type { Granule } from '../../src/sentinel2/granule.ts'
import { parseCompactTime } from '../../src/sentinel2/time.ts'

export const STRIDE_16: Sampling = { source: 'bands', stride: 16 }

/** A granule for each number, of the archive's form. */
export function granuleOf(n: number): Granule {
  const number = String(n).padStart(6, '0')
  const productId = `S2A_MSIL1C_20180101T105441_N0206_R051_T33UUB_20180101T${number}`
  return {
    granuleId: `L1C_T33UUB_A${number}_20180101T105441`,
    productId,
    level: 'L1C',
    mgrsTile: '33UUB',
    sensingTime: (parseCompactTime('20180101T105441') ?? 0) + n,
    generationTime: undefined,
    baseline: '02.06',
    datatake: undefined,
    cloudCover: undefined,
    totalSize: undefined,
    quality: undefined,
    box: undefined,
    place: `tiles/33/U/UB/${productId}.SAFE`,
  }
}

/** A colour for each number, no two alike; the numbers use all digits that a double has. */
export const colourOfNumber = (n: number): Colour => ({
  red: (n + 1) / 7e6,
  green: (n + 1) / 3e6,
  blue: -(n + 1) / 11e6,
  valid: 1 / (n + 1),
  sampled: 471_969 + n,
})
