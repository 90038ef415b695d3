import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { Colour, Comparison, Rank, Source } from '../src/colour/port.ts'
import { bestIs, scoreBy } from '../src/colour/score.ts'
import { type Parts, shareOf } from '../src/colour/share.ts'
import { Fault, messageOf } from '../src/errors.ts'
import { namesOf } from './ask-index-names.ts'

/** What is asked of remembered colours. */
export type AskedColours = {
  /** File of the store. */
  readonly store: string
  readonly source: Source
  readonly where: readonly Comparison[]
  readonly rank: Rank | undefined
  readonly worstFirst: boolean
}

type Scoring = {
  readonly isWanted: (colour: Parts & { readonly valid: number }) => boolean
  readonly scoreOf: (colour: Colour) => number
}

/** Of what has no score: past all shares and all distances of colours, whichever sign they have. */
const LAST = 1e6

/** What no score depends on. */
const WHOLE = { valid: 1, sampled: 1 } as const

let scoring: Scoring = { isWanted: () => true, scoreOf: () => LAST }

/** Makes ready the comparisons and the score of a question; the least score comes first. */
export async function prepareColours({ where, ...asked }: AskedColours): Promise<void> {
  const isWanted: Scoring['isWanted'] = (colour) => where.every((one) => meets(colour, one))
  scoring = { isWanted, scoreOf: await leastFirst(asked) }
}

type Ranking = Pick<AskedColours, 'rank' | 'source' | 'worstFirst'>

async function leastFirst({ rank, source, worstFirst }: Ranking): Promise<Scoring['scoreOf']> {
  if (!rank) return () => LAST
  const scoreOf = await scoreBy(rank, source)
  const sign = (bestIs(rank) === 'most') === worstFirst ? 1 : -1
  return (colour) => {
    const score = scoreOf(colour)
    return score === undefined ? LAST : sign * score
  }
}

function meets(colour: Parts & { readonly valid: number }, { of, is, than }: Comparison): boolean {
  const value = numberOf(colour, of)
  if (value === undefined) return false
  switch (is) {
    case '<':
      return value < than
    case '<=':
      return value <= than
    case '>=':
      return value >= than
    case '>':
      return value > than
  }
}

function numberOf(colour: Parts & { readonly valid: number }, of: Comparison['of']): number | undefined {
  switch (of) {
    case 'share_red':
      return shareOf(colour, 'red')
    case 'share_green':
      return shareOf(colour, 'green')
    case 'share_blue':
      return shareOf(colour, 'blue')
    default:
      return colour[of]
  }
}

/** Functions of SQL over colours and over the names of rows. */
export function defineColours(db: DatabaseSync): void {
  const options = { deterministic: true }
  db.function('is_wanted', options, (red, green, blue, valid) =>
    Number(
      scoring.isWanted({
        red: Number(red),
        green: Number(green),
        blue: Number(blue),
        valid: Number(valid),
      }),
    ),
  )
  db.function('score_of', options, (red, green, blue) =>
    scoring.scoreOf({ red: Number(red), green: Number(green), blue: Number(blue), ...WHOLE }),
  )
  const named = { deterministic: true, varargs: true }
  db.function('place_of', named, (...columns) => namesOf(columns).place)
  db.function('granule_id_of', named, (...columns) => namesOf(columns).granuleId)
  db.function('is_of', named, (place, granuleId, ...columns) => {
    const names = namesOf(columns)
    return Number(names.place === place && names.granuleId === granuleId)
  })
}

/** Which file is attached as `store`, by what tells it from one that takes its place; empty: none. */
let attached: string | undefined

/**
 * Lets `colour` be the table of a store's file, read only, or an empty one as long as there is no store: it may
 * be made, or replaced, while the index is asked. Outside of transactions.
 * @throws {Fault} misconfigured where the file is no store
 */
export function attachStore(db: DatabaseSync, file: string): void {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false })
  const stamp = info?.size ? [file, info.dev, info.ino, info.birthtimeNs].join() : ''
  if (stamp === attached) return
  if (attached === '') db.exec('DROP TABLE temp.colour')
  else if (attached !== undefined) db.exec('DETACH store')
  attached = undefined
  if (stamp !== '' && hasColours(db, file)) {
    attached = stamp
    return
  }
  db.exec(`CREATE TEMP TABLE colour (${COLUMNS})`)
  attached = ''
}

/** Attaches a file, unless it holds no colours yet. */
function hasColours(db: DatabaseSync, file: string): boolean {
  const address = pathToFileURL(file)
  address.searchParams.set('mode', 'ro')
  try {
    db.prepare('ATTACH ? AS store').run(address.href)
    if (db.prepare(`SELECT 1 FROM store.sqlite_schema WHERE name = 'colour'`).get()) {
      db.prepare(`SELECT ${COLUMNS} FROM store.colour`)
      return true
    }
    db.exec('DETACH store')
    return false
  } catch (cause) {
    throw storeFault(file, cause)
  }
}

/** What SQLite threw over the store's file. */
export function storeFault(file: string, cause: unknown): Fault {
  const sentence =
    `The colours in the store ${file} cannot be read: ${messageOf(cause)}. ` +
    'Where it is damaged, move it away: swath makes a new one, and swath warm fills it.'
  return new Fault('misconfigured', sentence, { cause })
}

/** Those of queries/store/layout.sql that are asked for. */
const COLUMNS =
  'storage, place, granule_id, source, stride, method, mgrs_tile, sensing_time, red, green, blue, valid'

/** A connection that is closed has nothing attached any more. */
export function forgetStore(): void {
  attached = undefined
}
