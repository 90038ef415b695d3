import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The style sheet of /docs. */
export type DocsAssets = {
  readonly css: string
  /** Of its content. */
  readonly version: string
}

/** The look of the page at /, and what documents need beside it. */
const SHEETS = [
  join(import.meta.dirname, '..', '..', 'explorer', 'page.css'),
  join(import.meta.dirname, 'docs.css'),
]

export async function loadDocsAssets(): Promise<DocsAssets> {
  const css = (await Promise.all(SHEETS.map((path) => readFile(path, 'utf8')))).join('\n')
  return { css, version: createHash('sha256').update(css).digest('base64url').slice(0, 12) }
}
