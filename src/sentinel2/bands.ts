/** Processing levels: top-of-atmosphere (L1C) and surface (L2A) reflectance. */
export const LEVELS = ['L1C', 'L2A'] as const
export type Level = (typeof LEVELS)[number]

/**
 * Ground size of a band's pixel in L1C, metres; TCI is the true colour image B04, B03, B02.
 * Source: ESA Sentinel-2 products specification (PSD) 15, spectral bands of the MSI.
 */
const L1C_RESOLUTION = {
  B01: 60,
  B02: 10,
  B03: 10,
  B04: 10,
  B05: 20,
  B06: 20,
  B07: 20,
  B08: 10,
  B8A: 20,
  B09: 60,
  B10: 60,
  B11: 20,
  B12: 20,
  TCI: 10,
} as const satisfies Record<string, Resolution>

/** What L2A adds: aerosol optical thickness, water vapour, scene classification. It has no B10. */
const L2A_LAYERS = ['AOT', 'WVP', 'SCL'] as const

/** Metres on the ground. */
export type Resolution = 10 | 20 | 60
export type Band = keyof typeof L1C_RESOLUTION | (typeof L2A_LAYERS)[number]

const L1C_BANDS = Object.keys(L1C_RESOLUTION) as (keyof typeof L1C_RESOLUTION)[]

/** The bands a level may hold, in order of name. Which of them a granule holds, only its listing tells. */
export const BANDS: Readonly<Record<Level, readonly Band[]>> = {
  L1C: L1C_BANDS.toSorted(),
  L2A: [...L1C_BANDS.filter((band) => band !== 'B10'), ...L2A_LAYERS].toSorted(),
}

const ANY_BAND: ReadonlySet<string> = new Set([...BANDS.L1C, ...BANDS.L2A])

export const isBand = (text: string): text is Band => ANY_BAND.has(text)

/** Resolution of an L1C band, metres; undefined for the layers that L2A alone has. */
export function l1cResolution(band: Band): Resolution | undefined {
  return band in L1C_RESOLUTION ? L1C_RESOLUTION[band as keyof typeof L1C_RESOLUTION] : undefined
}
