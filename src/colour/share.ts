import type { Colour } from './port.ts'

/** The parts of a mean colour; one below 0 counts as 0. */
export type Parts = Pick<Colour, 'red' | 'green' | 'blue'>

/** Share of red, green and blue together, 0 to 1; undefined where there is no light in any of them. */
export function shareOf(colour: Parts, of: keyof Parts): number | undefined {
  const sum = light(colour.red) + light(colour.green) + light(colour.blue)
  return sum > 0 ? light(colour[of]) / sum : undefined
}

const light = (part: number): number => Math.max(part, 0)
