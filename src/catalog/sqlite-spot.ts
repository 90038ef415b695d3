import type { Question } from '../../workers/ask-index.ts'
import { connectIndex, type IndexConnection, type Standing } from '../index-file/index-connection.ts'
import type { Known } from './sqlite-known.ts'
import type { Look } from './sqlite-look.ts'
import { statementText } from './sqlite-texts.ts'

type SpotIndex = Pick<Known, 'stamp' | 'rowsATile'>
export type SpotAnswer = { readonly rows: readonly (readonly unknown[])[]; readonly standing: Standing }

/** Answers small questions on the calling thread, which else would wait for it to be handed to another and back. */
export interface Spot {
  /** Whether it would answer now. */
  takes(look: Look | undefined, index: SpotIndex): look is Look
  /** Undefined where it failed, which a thread is to tell about. */
  answer(question: Question, index: SpotIndex): SpotAnswer | undefined
  /** Notes that a thread has answered a question of this look. */
  note(look: Look, index: SpotIndex): void
  /** From then on it takes nothing. */
  close(): void
}

/**
 * Bounds that keep the calling thread free: rows that a question may have to look at, some 0.15 μs each where they
 * do not match, and tiles, some 5 μs each; both an average over the index, so that a question takes 0.2 ms mostly
 * and 2 ms at worst. Two milliseconds in one turn of the event loop; the next turn begins anew.
 */
const MOST_ROWS = 10_000
const MOST_TILES = 50
const TURN_MS = 2
/**
 * What took longer waited for a disk, or for a core. For so many times as long nothing is answered here, so that
 * even a disk whose pages were forgotten keeps the calling thread for a tenth of its time.
 */
const SLOW_MS = 5
const REST = 10
/** Beside the caches of the threads, and only for pages that they have read already. */
const CACHE_KIB = 8192
/** Some whole archives. */
const MOST_KNOWN = 100_000

/**
 * Pages that lie on a cold disk are left to threads: here only those tiles are looked at that one of them has
 * looked at before, in the same order from the same year on. A process that holds the index is not waited for.
 */
export function askOnSpot(file: string): Spot {
  let opened: { readonly stamp: string; readonly connection: IndexConnection } | undefined
  let known: { readonly stamp: string; count: number; readonly parts: Map<string, Set<number>> } | undefined
  let left = TURN_MS
  let isTurnEnding = false
  let restsUntil = 0
  let isClosed = false

  const forget = () => {
    opened?.connection.close()
    opened = undefined
  }

  const connectionFor = ({ stamp }: SpotIndex): IndexConnection => {
    if (opened?.stamp === stamp) return opened.connection
    forget()
    opened = { stamp, connection: connectIndex(file, { cacheKiB: CACHE_KIB, patienceMs: 0 }) }
    return opened.connection
  }

  const spend = (start: number) => {
    const now = performance.now()
    const took = now - start
    left -= took
    if (took > SLOW_MS) restsUntil = now + REST * took
    if (isTurnEnding) return
    isTurnEnding = true
    setImmediate(() => {
      isTurnEnding = false
      left = TURN_MS
    })
  }

  return {
    takes: (look, { stamp, rowsATile }): look is Look => {
      if (isClosed || !look || left <= 0 || known?.stamp !== stamp) return false
      if (look.cells.length > MOST_TILES || look.cells.length * rowsATile > MOST_ROWS) return false
      const cells = known.parts.get(look.part)
      return (
        cells !== undefined && look.cells.every((cell) => cells.has(cell)) && performance.now() >= restsUntil
      )
    },

    answer: (question, index) => {
      if (isClosed) return undefined
      const start = performance.now()
      try {
        const connection = connectionFor(index)
        const standing = connection.enter()
        const rows = asRows(connection.statement(statementText(question)).all(question.values))
        connection.leave()
        return { rows, standing }
      } catch {
        forget()
        return undefined
      } finally {
        spend(start)
      }
    },

    note: ({ cells, part }, { stamp }) => {
      if (cells.length > MOST_TILES) return
      if (known?.stamp !== stamp || known.count > MOST_KNOWN) known = { stamp, count: 0, parts: new Map() }
      const there = known.parts.get(part) ?? new Set()
      const before = there.size
      for (const cell of cells) there.add(cell)
      known.count += there.size - before
      known.parts.set(part, there)
    },

    close: () => {
      isClosed = true
      forget()
    },
  }
}

/** Statements of an IndexConnection give arrays. */
const asRows = (rows: unknown) => rows as readonly (readonly unknown[])[]
