import type { Fault } from '../errors.ts'

/**
 * When to stop trying: so many failures in a row, with no answer in between, foretell that more of the same
 * would fare alike. Told of each try as it ends, what failed or undefined; what was remembered is no try.
 * @param most failures in a row, 1 and up
 * @returns tells the last failure once the row is full, undefined before
 */
export function failuresInARow(most: number): (failure: Fault | undefined) => Fault | undefined {
  let row = 0
  return (failure) => {
    row = failure ? row + 1 : 0
    return row >= most ? failure : undefined
  }
}
