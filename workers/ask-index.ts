import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Best } from '../src/catalog/port.ts'
import { type PackedRows, packRows } from '../src/catalog/sqlite-rows.ts'
import { Fault, type FaultCode } from '../src/errors.ts'
import { indexFault, openIndexToRead } from '../src/index-file/open.ts'
import { query } from '../src/queries.ts'
import type { Level } from '../src/sentinel2/bands.ts'
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
type Source = 'granules' | 'refined' | 'coloured' | 'uncoloured'

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

type Index = Pick<Batch, 'file' | 'stamp'>
type Functions = typeof import('./ask-index-functions.ts')
type Opened = {
  readonly stamp: string
  readonly db: DatabaseSync
  readonly prepared: Map<string, StatementSync>
  standing: { readonly version: unknown; readonly told: Standing } | undefined
  hasFunctions: boolean
}

/**
 * Pages of the index that a connection keeps, KiB: a first page of Europe reads one of each of its 1,400 tiles,
 * 8 KiB each, over and over.
 */
const CACHE_KIB = 32_768
/** Questions that were answered take so long together at most, and one more. */
const ENOUGH_MS = 2
const STANDING = query('sqlite', 'standing')

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
    leaveSnapshot()
  }
}

function answer(index: Index, question: Question): Answer {
  try {
    if (opened?.stamp !== index.stamp) {
      close()
      opened = open(index)
    }
    const values = valuesFor(opened, question)
    return answerIn(opened, snapshotOf(opened), question, values)
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
    leaveSnapshot()
    functions.attachStore(index.db, colours.store)
  }
  if (condition !== undefined) functions.prepareCondition(condition)
  return { ...values, cells: JSON.stringify(functions.prepareGround(ground, best?.of)) }
}

function answerIn(index: Opened, standing: Standing, question: Question, values: Question['values']): Answer {
  if (question.best) {
    const choose = { statement: 'choose', source: question.best.among, values }
    statement(index, textOf(choose)).get({ ...values, chosen: 0 })
  }
  const rows = statement(index, textOf(question)).all(values) as unknown as unknown[][]
  const coverage = question.coverage ? rows.map((row) => functions?.coverageOf(row) ?? 0) : undefined
  return { rows: packRows(rows), coverage, standing }
}

/**
 * Rows and what the index says of itself are of one commit, whatever an update does meanwhile: that of the first
 * question of a batch, since to find it costs a sixth of a small question.
 */
function snapshotOf(index: Opened): Standing {
  if (index.db.isTransaction && index.standing) return index.standing.told
  statement(index, 'BEGIN').run()
  return standingOf(index)
}

function leaveSnapshot(): void {
  if (opened?.db.isTransaction) statement(opened, 'COMMIT').run()
}

function open({ file, stamp }: Index): Opened {
  const db = openIndexToRead(file)
  try {
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
    return { stamp, db, prepared: new Map(), standing: undefined, hasFunctions: false }
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

/** What failed may have been mended by the next question, so nothing of it is kept. */
function close(): void {
  opened?.db.close()
  opened = undefined
  functions?.forgetStore()
}

/** Read anew after another connection's commit, which changes the version. */
function standingOf(index: Opened): Standing {
  const [version] = statement(index, 'PRAGMA data_version').get() as unknown as unknown[]
  if (index.standing && index.standing.version === version) return index.standing.told
  const row = statement(index, STANDING).get() as unknown as unknown[]
  const [builtAt = 0, updatedAt = 0, L1C = 0, L2A = 0, ...times] = row.map(Number)
  const [sensing1 = 0, generation1 = 0, sensing2 = 0, generation2 = 0, settled1 = 0, settled2 = 0] = times
  const told = {
    builtAt,
    updatedAt,
    levels: { L1C, L2A },
    newest: {
      L1C: { sensing: sensing1, generation: generation1 },
      L2A: { sensing: sensing2, generation: generation2 },
    },
    settled: { L1C: { generation: settled1 }, L2A: { generation: settled2 } },
  }
  index.standing = { version, told }
  return told
}

const texts = new Map<string, string>()

/** The text of a statement over its source. */
function textOf({ statement, source }: Question): string {
  const name = source === undefined ? statement : `${statement} ${source}`
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = query('sqlite', statement)
  const from = source && query('sqlite', source)
  const made = from === undefined ? text : text.replace('FROM {source}', () => `FROM ${from}`)
  texts.set(name, made)
  return made
}

function statement({ db, prepared }: Opened, sql: string): StatementSync {
  const known = prepared.get(sql)
  if (known) return known
  const made = db.prepare(sql)
  made.setReturnArrays(true)
  made.setAllowUnknownNamedParameters(true)
  prepared.set(sql, made)
  return made
}
