import type { Question } from '../../workers/ask-index.ts'
import type { Standing } from '../index-file/index-connection.ts'
import type { Look } from './sqlite-look.ts'
import type { Plan } from './sqlite-questions.ts'
import type { Asked, IndexLane } from './sqlite-threads.ts'

/** A tile has some thousand granules of a level. */
const TILES_A_PART = 200

export type InParts<T> = {
  readonly begin: () => T
  readonly add: (sum: T, part: Asked) => T
  /** Values in place of the question's that spare later parts what cannot count any more. */
  readonly narrow?: (sum: T) => Question['values']
  /** Of the index that answers; may throw a Fault. */
  readonly check: (standing: Standing) => void
  readonly signal: AbortSignal | undefined
  /** What the question looks at where all tiles make up one part. */
  readonly look?: Look | undefined
}

/**
 * Asks of a few tiles at a time what must, or may have to, read every one of them to its end: the whole world
 * delays nobody for long, and stops when its asker leaves.
 */
export async function inParts<T>(lane: IndexLane, plan: Plan, parts: InParts<T>): Promise<T> {
  const { begin, add, narrow, check, signal } = parts
  const look = plan.tiles.length <= TILES_A_PART ? parts.look : undefined
  let sum = begin()
  let builtAt: number | undefined
  for (let from = 0; from === 0 || from < plan.tiles.length; from += TILES_A_PART) {
    const some = plan.tiles.slice(from, from + TILES_A_PART)
    const question = plan.questionFor(some)
    const narrowed = { ...question, values: { ...question.values, ...narrow?.(sum) } }
    const part = await lane.ask(narrowed, signal, look)
    check(part.standing)
    // Parts of two indexes do not add up: the one that took the first one's place is asked anew.
    if (builtAt !== undefined && builtAt !== part.standing.builtAt) return inParts(lane, plan, parts)
    builtAt = part.standing.builtAt
    sum = add(sum, part)
  }
  return sum
}
