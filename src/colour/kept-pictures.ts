/** Pictures at hand, as many as fit. */
export interface KeptPictures<Picture> {
  get(key: string): Picture | undefined
  put(key: string, picture: Picture): void
  /** Bytes of all that are kept. */
  bytes(): number
}

/** Keeps pictures up to so many bytes together; those that nobody asked for the longest go first. */
export function keepPictures<Picture extends { readonly bytes: Uint8Array }>(
  most: number,
): KeptPictures<Picture> {
  // A Map keeps the order of insertion, and each use inserts anew: the first is the one to go.
  const kept = new Map<string, Picture>()
  let held = 0

  const remove = (key: string): Picture | undefined => {
    const picture = kept.get(key)
    kept.delete(key)
    held -= picture?.bytes.length ?? 0
    return picture
  }

  const insert = (key: string, picture: Picture) => {
    kept.set(key, picture)
    held += picture.bytes.length
  }

  return {
    get: (key) => {
      const picture = remove(key)
      if (picture) insert(key, picture)
      return picture
    },
    put: (key, picture) => {
      remove(key)
      if (picture.bytes.length > most) return
      insert(key, picture)
      for (const [oldest] of kept) {
        if (held <= most) return
        remove(oldest)
      }
    },
    bytes: () => held,
  }
}
