import { type Baseline, compareBaselines } from './names.ts'

/** From this baseline on, reprocessings of old dates included, DN carry an offset so that they stay above 0. */
const OFFSET_SINCE = '04.00'
const OFFSET_DN = -1000
/** QUANTIFICATION_VALUE of every product so far. */
const DN_OF_ONE = 10_000
/** TCI and PVI show reflectance from 0 to this. */
const DISPLAY_FULL = 0.3558

/**
 * Reflectance of a band's DN above 0 (0 is nodata), not clamped: dark pixels may be negative.
 * Source: ESA Sentinel-2 PSD 15, RADIO_ADD_OFFSET and BOA_ADD_OFFSET.
 * @param dn digital number, or a mean of them
 * @param baseline of the product's name; dates do not tell
 */
export function reflectanceOf(dn: number, baseline: Baseline): number {
  const offset = compareBaselines(baseline, OFFSET_SINCE) >= 0 ? OFFSET_DN : 0
  return (dn + offset) / DN_OF_ONE
}

/**
 * Reflectance as TCI and PVI show it, 0 to 1 of an sRGB display, clamped.
 * Source: ESA Sentinel-2 PSD 15, true colour image.
 */
export const displayOf = (reflectance: number): number => Math.min(Math.max(reflectance / DISPLAY_FULL, 0), 1)

/** `#rrggbb` of display values from 0 to 1. */
export const hexOf = (display: readonly number[]): string =>
  `#${display.map((value) => byteOf(value).toString(16).padStart(2, '0')).join('')}`

/** A display value from 0 to 1 as a byte. */
export const byteOf = (display: number): number => Math.round(Math.min(Math.max(display, 0), 1) * 255)

/** To six decimals: of reflectance a hundredth of a DN, finer than it is known. */
export const sixDecimals = (value: number): number => Math.round(value * 1e6) / 1e6
