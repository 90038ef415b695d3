import { COLOUR_NUMBERS, type ColourNumber, type Comparison } from './colour/port.ts'
import { clipped, nearMiss } from './near-miss.ts'
import { NUMBER } from './parameter-schemas.ts'

const SIGNS = ['<', '<=', '>=', '>'] as const
const MOST = 20
const EXAMPLE = 'share_red>=0.4,valid>=0.5'
/** A name, a sign of comparison in any spelling, a number. */
const COMPARISON = /^([^<>=!~≤≥]*)([<>=!~≤≥]+)(.*)$/s

/**
 * Reads `where`: comparisons of what is remembered of a granule's colour, with commas between that mean and,
 * `share_red>=0.4,valid>=0.5`. A string is all that is wrong with it, to be put behind the parameter's name.
 */
export function parseWhere(text: string): readonly Comparison[] | string {
  if (text.trim() === '') return `is empty; it takes comparisons such as ${EXAMPLE}`
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > MOST) return `holds ${parts.length} comparisons; it takes ${MOST} at most`
  const read = parts.map(comparisonOf)
  const wrong = read.filter((one) => typeof one === 'string')
  return wrong.length > 0 ? wrong.join(', and ') : read.filter((one) => typeof one !== 'string')
}

function comparisonOf(part: string): Comparison | string {
  const named = `holds ${JSON.stringify(part)}`
  const [, left = '', signs = '', right = ''] = (COMPARISON.exec(part) ?? []).map((piece) => piece.trim())
  if (signs === '') return `${named}, which compares nothing; write it as share_red>=0.4`
  const of = nameOf(left)
  if (!of) return `${named}; ${whyNoName(left)}`
  const is = SIGNS.find((sign) => sign === signs)
  if (!is) return `${named}; ${JSON.stringify(signs)} is none of ${SIGNS.join(' ')}`
  if (!NUMBER.test(right)) return `${named}; ${JSON.stringify(right)} is not a number`
  const than = Number(right)
  if (than >= 0 && than <= 1) return { of, is, than }
  return `${named}; ${right} is not between 0 and 1, as reflectances and shares are (0.4 is 40 percent)`
}

const nameOf = (text: string): ColourNumber | undefined =>
  COLOUR_NUMBERS.find((name) => name === text.toLowerCase())

function whyNoName(text: string): string {
  if (NUMBER.test(text)) return 'the name stands first, as in share_red>=0.4'
  const choices = COLOUR_NUMBERS.join(', ')
  return `${JSON.stringify(clipped(text))} is none of ${choices}${nearMiss(text.toLowerCase(), COLOUR_NUMBERS)}`
}
