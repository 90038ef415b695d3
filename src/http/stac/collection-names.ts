import type { Level } from '../../sentinel2/bands.ts'

/** A collection for each level. */
export const COLLECTIONS = {
  L1C: 'sentinel-2-l1c',
  L2A: 'sentinel-2-l2a',
} as const satisfies Record<Level, string>

const LEVEL_OF = new Map<string, Level>([
  [COLLECTIONS.L1C, 'L1C'],
  [COLLECTIONS.L2A, 'L2A'],
])

/** The level that a collection holds; undefined where there is none of this id. */
export const levelOfCollection = (id: string): Level | undefined => LEVEL_OF.get(id)
