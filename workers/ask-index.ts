import type { SQLInputValue } from 'node:sqlite'
import type { Best } from '../src/catalog/port.ts'
import { type PackedRows, packRows } from '../src/catalog/sqlite-rows.ts'
import { statementText } from '../src/catalog/sqlite-texts.ts'
import { Fault, type FaultCode } from '../src/errors.ts'
import { connectIndex, type IndexConnection, type Standing } from '../src/index-file/index-connection.ts'
import { indexFault } from '../src/index-file/open.ts'
import type { AskedColours } from './ask-index-colours.ts'
import type { AskedGround } from './ask-index-ground.ts'

/** Questions to the index in a file. */
export type Batch = {
  readonly file: string
  /** What tells the file that is meant from one that had its name before. */
  readonly stamp: string
  readonly questions: readonly Question[]
}

/** What a statement may be over. */
type Source = 'granules' | 'tile' | 'refined' | 'coloured' | 'uncoloured'

/** A statement; rows come back as arrays in the order of their columns. */
export type Question = {
  /** Of queries/sqlite. */
  readonly statement: string
  /** What the statement is over, where it says so; of queries/sqlite, too. */
  readonly source?: Source | undefined
  readonly values: Readonly<Record<string, SQLInputValue>>
  /** Where the statement or the answer compares granules with it. */
  readonly ground?: AskedGround | undefined
  /** The best granule of each group is chosen first, among those of a source. */
  readonly best?: { readonly of: Best; readonly among: Source } | undefined
  readonly colours?: AskedColours | undefined
  /** JSON of the Condition that rows must meet. */
  readonly condition?: string | undefined
  /** Whether the answer tells how much of the area each row's granule covers. */
  readonly coverage?: boolean | undefined
}

export type Answer =
  | {
      readonly rows: PackedRows
      readonly coverage: readonly number[] | undefined
      /** Of the commit that the rows are of. */
      readonly standing: Standing
    }
  /** Faults lose their class between threads, so they are told, not thrown. */
  | {
      readonly failed: {
        readonly code: FaultCode
        readonly sentence: string
        readonly retryAfter: number | undefined
      }
    }

type Index = Pick<Batch, 'file' | 'stamp'>
type Functions = typeof import('./ask-index-functions.ts')
type Opened = IndexConnection & { readonly stamp: string; hasFunctions: boolean }

/**
 * Pages of the index that a connection keeps, KiB: a first page of Europe reads one of each of its 1,400 tiles,
 * 8 KiB each, over and over.
 */
const CACHE_KIB = 32_768
/** Questions that were answered take so long together at most, and one more. */
const ENOUGH_MS = 2

let opened: Opened | undefined
let functions: Functions | undefined

/**
 * Answers to the questions, in order, and at least to the first; those that no answer came to in time are to be
 * asked again, so that a slow one delays only itself.
 */
export default async function ask({ questions, ...index }: Batch): Promise<Answer[]> {
  const start = performance.now()
  const answers: Answer[] = []
  try {
    for (const question of questions) {
      if (question.ground) functions ??= await import('./ask-index-functions.ts')
      if (question.colours) await functions?.prepareColours(question.colours)
      answers.push(answer(index, question))
      if (performance.now() - start > ENOUGH_MS) break
    }
    return answers
  } finally {
    opened?.leave()
  }
}

function answer(index: Index, question: Question): Answer {
  try {
    if (opened?.stamp !== index.stamp) {
      close()
      const connection = connectIndex(index.file, { cacheKiB: CACHE_KIB })
      opened = { ...connection, stamp: index.stamp, hasFunctions: false }
    }
    const values = valuesFor(opened, question)
    return answerIn(opened, opened.enter(), question, values)
  } catch (thrown) {
    close()
    const { code, message, retryAfter } = faultOf(index, question, thrown)
    return { failed: { code, sentence: message, retryAfter } }
  }
}

/** Two files are asked where colours are; the store is to blame where the index alone still answers. */
function faultOf(index: Index, { colours }: Question, thrown: unknown): Fault {
  if (thrown instanceof Fault || !colours || !functions) return indexFault(index.file, thrown)
  const alone = answer(index, { statement: 'alive', values: {} })
  return 'failed' in alone ? indexFault(index.file, thrown) : functions.storeFault(colours.store, thrown)
}

/** Values of a question; those with a ground look only where a granule can match. */
function valuesFor(
  index: Opened,
  { ground, best, colours, condition, values }: Question,
): Question['values'] {
  if (!ground || !functions) return values
  if (!index.hasFunctions) functions.defineFunctions(index.db)
  index.hasFunctions = true
  if (colours) {
    index.leave()
    functions.attachStore(index.db, colours.store)
  }
  if (condition !== undefined) functions.prepareCondition(condition)
  return { ...values, cells: JSON.stringify(functions.prepareGround(ground, best?.of)) }
}

function answerIn(index: Opened, standing: Standing, question: Question, values: Question['values']): Answer {
  if (question.best) {
    const choose = { statement: 'choose', source: question.best.among, values }
    index.statement(statementText(choose)).get({ ...values, chosen: 0 })
  }
  const rows = index.statement(statementText(question)).all(values) as unknown as unknown[][]
  const coverage = question.coverage ? rows.map((row) => functions?.coverageOf(row) ?? 0) : undefined
  return { rows: packRows(rows), coverage, standing }
}

/** What failed may have been mended by the next question, so nothing of it is kept. */
function close(): void {
  opened?.db.close()
  opened = undefined
  functions?.forgetStore()
}
