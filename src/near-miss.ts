import leven from 'leven'

/** Letters of a word that are held against others, and told; comparing costs their number times the others'. */
const MOST_LETTERS = 60

/** As much of what was given as a sentence can hold. */
export const clipped = (text: string): string =>
  text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text

/** The sentence for a parameter that nobody knows, with the near miss if there is one. */
export function unknownParameter(name: string, known: readonly string[]): string {
  const short = clipped(name)
  return `${short} is no parameter${nearMiss(ourWord(short.toLowerCase()), known, 2)}`
}

/**
 * ` (did you mean red?)`, or nothing where no known word is near: within half of its letters. A
 * word of more letters than any of ours is near none.
 * @param atLeast edits that are always near enough
 */
export function nearMiss(word: string, known: readonly string[], atLeast = 0): string {
  if (word.length > MOST_LETTERS) return ''
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const isNear = nearest && nearest.distance <= Math.max(atLeast, nearest.candidate.length / 2)
  return isNear ? ` (did you mean ${nearest.candidate}?)` : ''
}

/** What others call our parameters, too far from them by letters alone. */
const ourWord = (name: string): string =>
  name
    .replace(/^(lon|long|longitude)(?=\d?$)/, 'lng')
    .replace(/^latitude(?=\d?$)/, 'lat')
    .replace(/^(date|time|from|until)$/, 'datetime')
    .replace(/^cloud[_-]?cover(age)?$/, 'cloud')
    .replace(/^(geo[_-]?json|geometry|polygon|shape)$/, 'intersects')
    .replace(/^(order|order[_-]?by|sort[_-]?by)$/, 'sort')
    .replace(/^(filter|query)$/, 'where')
    .replace(/^(created|updated|newer)$/, 'since')
    .replace(/^(coverage|overlap)$/, 'min_coverage')

/** Letters in another order are the commonest slip, and one edit to whoever made it. */
function distance(a: string, b: string): number {
  const sorted = (text: string) => text.split('').sort().join('')
  return sorted(a) === sorted(b) ? Math.min(1, leven(a, b)) : leven(a, b)
}
