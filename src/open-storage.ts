import { resolve } from 'node:path'
import { type Config, isAnonymous } from './config.ts'
import { SAMPLE } from './sample.ts'
import { folderStorage } from './storage/folder.ts'
import { openRoot } from './storage/folder-root.ts'
import type { Storage } from './storage/port.ts'

/**
 * The storage that the configuration names; Google's client only where it does.
 * @throws {Fault} misconfigured where a folder is not there
 */
export async function openStorage(config: Config): Promise<Storage> {
  const { storage } = config
  switch (storage.kind) {
    case 'sample':
      return folderStorage({ folder: SAMPLE.bucket })
    case 'folder':
      await openRoot(storage.folder)
      return folderStorage({ folder: storage.folder })
    case 'gcs': {
      const { gcsStorage } = await import('./storage/gcs.ts')
      return gcsStorage({
        bucket: storage.bucket,
        endpoint: config.storageEndpoint,
        anonymous: isAnonymous(config, storage.bucket),
        project: config.googleProject,
        deadlineMs: config.deadlineMs,
      })
    }
  }
}

/** What is remembered is remembered under the whole name of where it comes from. */
export function storageName({ storage, storageEndpoint }: Config): string {
  switch (storage.kind) {
    case 'sample':
      return 'sample'
    case 'folder':
      return `folder:${resolve(storage.folder)}`
    case 'gcs':
      return `gs://${storage.bucket}${storageEndpoint ? ` at ${storageEndpoint}` : ''}`
  }
}
