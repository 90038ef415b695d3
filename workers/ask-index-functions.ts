import type { DatabaseSync } from 'node:sqlite'
import type { Best } from '../src/catalog/port.ts'
import { boxOf, COLUMN } from '../src/index-file/row.ts'
import { attachStore, defineColours, forgetStore, prepareColours, storeFault } from './ask-index-colours.ts'
import { defineCondition, prepareCondition } from './ask-index-condition.ts'
import { defineChoice, defineTally } from './ask-index-counts.ts'
import { type AskedGround, defineGround, groundOf, type KnownGround } from './ask-index-ground.ts'

export { attachStore, forgetStore, prepareColours, prepareCondition, storeFault }

/*
 * What SQL alone cannot tell, loaded with the first question that needs it: most need none, and a fresh process
 * answers its first one in half the time.
 */

/** Where the edges of a row's box stand. */
const EDGES = [COLUMN.west, COLUMN.south, COLUMN.east, COLUMN.north] as const

let ground: KnownGround | undefined
let best: Best | undefined

/**
 * Makes the functions ready for a question.
 * @returns cells of the tiles in which a granule can match
 */
export function prepareGround(asked: AskedGround, chosen: Best | undefined): readonly number[] {
  ground = groundOf(asked)
  best = chosen
  return ground.cells
}

/** Defines the functions of SQL on a connection. */
export function defineFunctions(db: DatabaseSync): void {
  defineGround(db, presentGround)
  defineTally(db, presentGround)
  defineChoice(db, () => ({ best, ground: presentGround() }))
  defineColours(db)
  defineCondition(db)
}

/** Share of the area that the granule of a row covers, 0 to 1. */
export function coverageOf(row: readonly unknown[]): number {
  const { cover, tileOf } = presentGround()
  const [west, south, east, north] = EDGES.map((column) => row[column])
  return cover.coverage({ mgrsTile: tileOf(Number(row[COLUMN.cell])), box: boxOf(west, south, east, north) })
}

function presentGround(): KnownGround {
  if (ground) return ground
  throw new Error('A question that compares granules with its ground tells none.')
}
