import { readFileSync } from 'node:fs'

const FOLDER = new URL('../queries/', import.meta.url)

export type Dialect = 'sqlite' | 'bigquery' | 'store'

/**
 * The text of `queries/<dialect>/<name>.sql`; `{other.sql}` in it stands for the text of the file beside it,
 * so that what several statements ask alike is written once.
 */
export const query = (dialect: Dialect, name: string): string =>
  readFileSync(new URL(`${dialect}/${name}.sql`, FOLDER), 'utf8').replaceAll(
    /\{([\w-]+)\.sql\}/g,
    (_, other: string) => query(dialect, other),
  )
