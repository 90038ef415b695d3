import { likeTest } from '../../catalog/condition.ts'

/** A letter or what stands for some, a backslash together with what it takes for itself. */
const PIECE = /%+|\\[%_\\]|[\s\S]/gu
type Pieces = readonly string[]

/**
 * The patterns of which a text is like one exactly if `before`, the text and `after` in a row are like this
 * one: what is left of it wherever it can be cut into a part for each.
 */
export function innerPatterns(pattern: string, [before, after]: readonly [string, string]): string[] {
  const pieces = (pattern.match(PIECE) ?? []).map((piece) => (piece.startsWith('%') ? '%' : piece))
  const both = cuts(pieces, before).flatMap((left) =>
    cuts(left.toReversed(), [...after].reverse().join('')).map((turned) => turned.toReversed().join('')),
  )
  return [...new Set(both)]
}

/** What is left of a pattern behind every part of it that a text is like; a % may serve both. */
function cuts(pieces: Pieces, text: string): Pieces[] {
  if (text === '') return [pieces]
  const left: Pieces[] = []
  for (let at = 0; at <= pieces.length; at++) {
    const [part, rest] = [pieces.slice(0, at), pieces.slice(at)]
    if (part.filter((piece) => piece !== '%').length > text.length) break
    if (!likeTest(part.join(''))(text)) continue
    left.push(rest)
    if (part.at(-1) === '%') left.push(['%', ...rest])
  }
  return left
}
