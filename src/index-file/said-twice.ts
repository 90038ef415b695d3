import { compareGranules, type Granule } from '../sentinel2/granule.ts'

/**
 * Orders the rows that name one granule in one place: the first of them counts, in a build and in an update, so
 * that what a CSV says of a granule does not hang on the order of its lines. The order is that of the index,
 * sensing time before generation time; of rows that tell the same times the smaller text, names before values.
 */
export const compareSaid = (a: Granule, b: Granule): number => compareGranules(b, a) || compareTexts(a, b)

function compareTexts(a: Granule, b: Granule): number {
  const [textA, textB] = [JSON.stringify(a), JSON.stringify(b)]
  return textA < textB ? -1 : textA > textB ? 1 : 0
}
