import type { ByteRange, Entry, ListOptions, Storage } from '../src/storage/port.ts'

/** What became of a file: its bytes now, `gone`, or what reading it throws. */
export type Edit = Uint8Array | 'gone' | Error

export type EditedStorage = Storage & {
  /** Reads so far, by key. */
  readonly reads: string[]
}

/** A storage in which some files are others, gone or unreadable. */
export function editedStorage(
  storage: Storage,
  edit: (key: string) => Edit | undefined = () => undefined,
): EditedStorage {
  const reads: string[] = []
  const edited = (entry: Entry): Entry[] => {
    const change = entry.kind === 'object' ? edit(entry.key) : undefined
    if (change === 'gone') return []
    return entry.kind === 'object' && change instanceof Uint8Array
      ? [{ ...entry, size: change.length }]
      : [entry]
  }
  return {
    bucket: storage.bucket,
    reads,
    async *list(prefix: string, options?: ListOptions) {
      for await (const page of storage.list(prefix, options)) yield page.flatMap(edited)
    },
    read: async (key: string, range: ByteRange, signal?: AbortSignal) => {
      reads.push(key)
      const change = edit(key)
      if (change instanceof Error) throw change
      if (change instanceof Uint8Array) return change.slice(range.first, range.last + 1)
      return storage.read(key, range, signal)
    },
  }
}
