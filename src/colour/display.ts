import { displayOf, hexOf } from '../sentinel2/reflectance.ts'
import type { Colour, Source } from './port.ts'

/** A colour as a screen shows it: red, green and blue of sRGB, 0 to 1, clamped. */
export function shownAs({ red, green, blue }: Colour, source: Source): readonly [number, number, number] {
  if (source === 'preview') return [red, green, blue]
  return [displayOf(red), displayOf(green), displayOf(blue)]
}

/** `#rrggbb` of a colour. */
export const displayColour = (colour: Colour, source: Source): string => hexOf(shownAs(colour, source))
