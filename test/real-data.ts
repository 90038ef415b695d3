import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where the real files are that no checkout holds; see README. */
const ROOT = resolve(process.env.SWATH_REAL_DATA || join(import.meta.dirname, '../../shared/data'))

/** A real file or folder; undefined where it is absent, and then a line says what did not run. */
export function realData(...parts: readonly string[]): string | undefined {
  const path = join(ROOT, ...parts)
  if (existsSync(path)) return path
  console.log(`Not run: tests on ${path}, which is not there; SWATH_REAL_DATA names the folder of real data.`)
  return undefined
}
