import { fileURLToPath } from 'node:url'

/** Where the embedded sample lies. */
export const SAMPLE = {
  index: fileURLToPath(new URL('../sample/index.sqlite', import.meta.url)),
  bucket: fileURLToPath(new URL('../sample/bucket', import.meta.url)),
}
