import { statSync } from 'node:fs'
import { aboutIndex } from '../index-file/about.ts'
import type { Standing } from '../index-file/index-connection.ts'

/** What the index in a file told. */
export type Told = {
  readonly standing: Standing
  /** On average, when it was looked at first. */
  readonly rowsATile: number
}
export type Known = Told & {
  /** Tells the file from others that had, or will have, its name. */
  readonly stamp: string
}

/** @throws {Fault} misconfigured where the file is not there or no index */
export function toldBy(file: string): Told {
  const about = aboutIndex(file)
  return { standing: about, rowsATile: about.rows / Math.max(1, about.tiles) }
}

/** Answers of several threads may overtake each other. */
export const newest = (one: Standing, other: Standing): Standing =>
  other.builtAt !== one.builtAt || other.updatedAt >= one.updatedAt ? other : one

/** Changes when another file takes the name, not when the file is written to; empty where there is none. */
export function stampOf(file: string): string {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false })
  return info ? [info.dev, info.ino, info.birthtimeNs].join() : ''
}

/** Whether the file is still the one that is known; what cannot be looked at is left to whoever can tell why. */
export function isCurrent(file: string, { stamp }: Known): boolean {
  try {
    return stampOf(file) === stamp
  } catch {
    return false
  }
}
