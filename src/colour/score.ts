import { shownAs } from './display.ts'
import type { Colour, Rank, Source } from './port.ts'
import { shareOf } from './share.ts'

/** Tells how a colour made from these files does by a rank; undefined: it cannot be told. */
export type ScoreOf = (colour: Colour) => number | undefined

/** Share of the colour, 0 to 1; or distance from it (CIEDE2000), 0 and up. */
export async function scoreBy(rank: Rank, source: Source): Promise<ScoreOf> {
  if (rank.by === 'share') return (colour) => shareOf(colour, rank.of)
  // The colour library takes some 40 ms to load, which a start without such a rank need not wait for.
  const { distance, labOf } = await import('./distance.ts')
  const wanted = labOf(rank.to)
  return (colour) => distance(wanted, labOf(shownAs(colour, source)))
}

/** Which of the scores of a rank is the best. */
export const bestIs = ({ by }: Rank): 'most' | 'least' => (by === 'share' ? 'most' : 'least')
