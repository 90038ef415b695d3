import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type Temporary = { readonly path: string; remove(): Promise<void> }

/** A folder of a test's own. */
export async function temporaryFolder(): Promise<Temporary> {
  const path = await mkdtemp(join(tmpdir(), 'swath-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** A folder that holds empty files under the keys. */
export async function folderOf(keys: readonly string[]): Promise<Temporary> {
  const folder = await temporaryFolder()
  for (const key of keys) {
    await mkdir(dirname(join(folder.path, key)), { recursive: true })
    await writeFile(join(folder.path, key), '')
  }
  return folder
}
