import { readFileSync } from 'node:fs'

/** A statement beside this file; matching.sql stands where it is named. */
export const sqlOf = (name: string): string =>
  read(name).replace('{matching}', () => read('matching').replace(/^--.*\n/gm, ''))

const read = (name: string): string => readFileSync(new URL(`${name}.sql`, import.meta.url), 'utf8')
