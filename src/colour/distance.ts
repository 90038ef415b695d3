import { convertRgbToLab65, differenceCiede2000 } from 'culori/fn'

/** CIELAB under D65: lightness 0 to 100; a (green to red) and b (blue to yellow), 0 in greys. */
export type Lab = { readonly l: number; readonly a: number; readonly b: number }

/** CIELAB of display values of sRGB, 0 to 1. */
export function labOf([r, g, b]: readonly [red: number, green: number, blue: number]): Lab {
  return convertRgbToLab65({ r, g, b })
}

/**
 * How different two colours look: CIEDE2000 with unit weights, 0 for the same; black and white are 100 apart.
 * Source: ISO/CIE 11664-6.
 */
export const distance = (one: Lab, other: Lab): number =>
  ciede2000({ ...one, mode: 'lab65' }, { ...other, mode: 'lab65' })

const ciede2000 = differenceCiede2000()
