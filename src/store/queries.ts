import { readFileSync } from 'node:fs'

const FOLDER = new URL('../../queries/store/', import.meta.url)

/** The text of `queries/store/<name>.sql`. */
export const query = (name: string): string => readFileSync(new URL(`${name}.sql`, FOLDER), 'utf8')
