import { readFileSync } from 'node:fs'

const FOLDER = new URL('../../queries/', import.meta.url)

/** The text of `queries/<dialect>/<name>.sql`. */
export const query = (dialect: 'sqlite' | 'bigquery', name: string): string =>
  readFileSync(new URL(`${dialect}/${name}.sql`, FOLDER), 'utf8')
