import type { TableFacts } from './bigquery-calls.ts'
import type { Jobs } from './bigquery-jobs.ts'

/**
 * Looks at a table, once for all who ask and as long as the process lives. A look that fails costs nothing but
 * knowledge, the next asker looks again: undefined where the table could not be looked at.
 */
export function tableLook(jobs: Jobs): (table: string) => Promise<TableFacts | undefined> {
  const looks = new Map<string, Promise<TableFacts | undefined>>()
  return (table) => {
    const known = looks.get(table)
    if (known) return known
    const look = jobs.table(table).catch(() => {
      looks.delete(table)
      return undefined
    })
    looks.set(table, look)
    return look
  }
}
