import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { query } from '../queries.ts'
import type { Level } from '../sentinel2/bands.ts'
import { openIndexToRead } from './open.ts'

/** What an index says of itself; times in microseconds since 1970. */
export type Standing = {
  readonly builtAt: number
  readonly updatedAt: number
  /** Granules of each level. */
  readonly levels: Readonly<Record<Level, number>>
  /** 0 where a level has none, or none tells. */
  readonly newest: Readonly<Record<Level, { readonly sensing: number; readonly generation: number }>>
  /** Up to which generation each level has all rows; 0: none, or not known. */
  readonly settled: Readonly<Record<Level, { readonly generation: number }>>
}

/** A connection that asks an index in snapshots; its statements are made once each, and give rows as arrays. */
export interface IndexConnection {
  readonly db: DatabaseSync
  statement(sql: string): StatementSync
  /**
   * From here to `leave` all rows, and what the index says of itself, are of one commit. Inside a snapshot it is
   * the same one, since to find it costs a sixth of a small question.
   */
  enter(): Standing
  leave(): void
  close(): void
}

export type ConnectionOptions = {
  /** Pages of the index that it keeps, KiB. */
  readonly cacheKiB: number
  /** Milliseconds that it waits for a process that holds the index; PATIENCE_MS by default. */
  readonly patienceMs?: number
}

const STANDING = query('sqlite', 'standing')

/** @throws {Fault} as openIndexToRead */
export function connectIndex(file: string, { cacheKiB, patienceMs }: ConnectionOptions): IndexConnection {
  const db = openIndexToRead(file, patienceMs)
  const prepared = new Map<string, StatementSync>()
  let standing: { readonly version: unknown; readonly told: Standing } | undefined

  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known) return known
    const made = db.prepare(sql)
    made.setReturnArrays(true)
    made.setAllowUnknownNamedParameters(true)
    prepared.set(sql, made)
    return made
  }

  /** Read anew after another connection's commit, which changes the version. */
  const standingNow = (): Standing => {
    const [version] = asRow(statement('PRAGMA data_version').get())
    if (standing && standing.version === version) return standing.told
    const told = standingOf(asRow(statement(STANDING).get()))
    standing = { version, told }
    return told
  }

  try {
    db.exec(`PRAGMA cache_size = -${cacheKiB}`)
  } catch (thrown) {
    db.close()
    throw thrown
  }
  return {
    db,
    statement,
    enter: () => {
      if (db.isTransaction && standing) return standing.told
      statement('BEGIN').run()
      return standingNow()
    },
    leave: () => {
      if (db.isTransaction) statement('COMMIT').run()
    },
    close: () => db.close(),
  }
}

/** Statements give arrays, as `statement` makes them, and the two that are asked here give one row each. */
const asRow = (row: unknown) => row as readonly unknown[]

function standingOf(row: readonly unknown[]): Standing {
  const [builtAt = 0, updatedAt = 0, L1C = 0, L2A = 0, ...times] = row.map(Number)
  const [sensing1 = 0, generation1 = 0, sensing2 = 0, generation2 = 0, settled1 = 0, settled2 = 0] = times
  return {
    builtAt,
    updatedAt,
    levels: { L1C, L2A },
    newest: {
      L1C: { sensing: sensing1, generation: generation1 },
      L2A: { sensing: sensing2, generation: generation2 },
    },
    settled: { L1C: { generation: settled1 }, L2A: { generation: settled2 } },
  }
}
