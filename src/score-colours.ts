import type { Colour, Rank, Source } from './colour/port.ts'
import { bestIs, scoreBy } from './colour/score.ts'
import { Fault } from './errors.ts'
import type { Ranked } from './list-area.ts'

export type Scores = {
  /** @param outcome a colour, or why there is none */
  readonly of: (outcome: Colour | Fault) => Ranked
  /** Negative where the first one comes first; those without a score come last. */
  readonly compare: (a: Ranked, b: Ranked) => number
}

/** How colours made from these files do by a rank. */
export async function scoring(rank: Rank, source: Source): Promise<Scores> {
  const scoreOf = await scoreBy(rank, source)
  return {
    of: (outcome) => {
      if (outcome instanceof Fault) return { reason: outcome.message }
      const score = scoreOf(outcome)
      if (score !== undefined) return { colour: outcome, score }
      return { reason: 'Its red, green and blue are all 0 or below, so that none of them has a share.' }
    },
    compare: (a, b) => {
      const [first, second] = [scoreIn(a), scoreIn(b)]
      if (first === undefined || second === undefined)
        return Number(first === undefined) - Number(second === undefined)
      return bestIs(rank) === 'most' ? second - first : first - second
    },
  }
}

const scoreIn = (ranked: Ranked): number | undefined => ('score' in ranked ? ranked.score : undefined)
