import { query } from '../queries.ts'

const texts = new Map<string, string>()

/** Files of queries/sqlite. */
type Asking = { readonly statement: string; readonly source?: string | undefined }

/** The text of a statement over its source. */
export function statementText({ statement, source }: Asking): string {
  const name = source === undefined ? statement : `${statement} ${source}`
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = query('sqlite', statement)
  const from = source && query('sqlite', source)
  const made = from === undefined ? text : text.replace('FROM {source}', () => `FROM ${from}`)
  texts.set(name, made)
  return made
}
