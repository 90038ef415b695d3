import type { Standing } from '../index-file/index-connection.ts'
import type { PageOptions } from './port.ts'
import { compareRows } from './sqlite-orders.ts'
import { inParts } from './sqlite-parts.ts'
import type { PagePlan } from './sqlite-questions.ts'
import type { IndexLane } from './sqlite-threads.ts'

export type FoundRow = {
  readonly row: readonly unknown[]
  /** Share of the area, 0 to 1, where it was asked for. */
  readonly coverage: number | undefined
}
type Found = { readonly rows: readonly FoundRow[]; readonly standing: Standing }

/**
 * The rows of a page in their order, and one more where there is one.
 * @param check of the index that answers; may throw a Fault
 */
export async function pageOf(
  lane: IndexLane,
  plan: PagePlan,
  { limit, signal }: PageOptions,
  check: (standing: Standing) => void,
): Promise<Found> {
  if (!plan.inParts) {
    const { rows, coverage, standing } = await lane.ask(plan.questionFor(plan.tiles), signal, plan.look)
    check(standing)
    return { rows: together(rows, coverage), standing }
  }
  const compare = compareRows(plan.order)
  const found = await inParts<Found | undefined>(lane, plan, {
    begin: () => undefined,
    add: (before, { rows, coverage, standing }) => {
      const [some = [], others] = [before?.rows, together(rows, coverage)]
      const both = others.length === 0 ? some : [...some, ...others].sort((a, b) => compare(a.row, b.row))
      return { rows: both.slice(0, limit + 1), standing }
    },
    narrow: (before) => plan.narrow(before?.rows[limit]?.row),
    check,
    signal,
    look: plan.look,
  })
  if (!found) throw new Error('A search in parts asks at least once.')
  return found
}

const together = (
  rows: readonly (readonly unknown[])[],
  coverage: readonly number[] | undefined,
): FoundRow[] => rows.map((row, i) => ({ row, coverage: coverage?.[i] }))
