import { displayColour } from './colour/display.ts'
import type { Colour, Source } from './colour/port.ts'
import { shareOf } from './colour/share.ts'

/** A colour as it is told: for a screen, `#rrggbb`, and each band's share, undefined where there is no light. */
export const toldColour = (colour: Colour, source: Source) => ({
  hex: displayColour(colour, source),
  shares: {
    red: shareOf(colour, 'red'),
    green: shareOf(colour, 'green'),
    blue: shareOf(colour, 'blue'),
  },
})
