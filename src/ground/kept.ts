/** What was made last, by its key. */
export type Kept<K, V> = {
  /** What is kept under a key; made and kept where there is none. */
  readonly of: (key: K, make: () => V) => V
}

/** Keeps as much as fits in so many bytes: what was made first goes first, what was made last always stays. */
export function keptWithin<K, V>(mostBytes: number, bytesOf: (value: V) => number): Kept<K, V> {
  const all = new Map<K, { readonly value: V; readonly bytes: number }>()
  let sum = 0
  return {
    of: (key, make) => {
      const known = all.get(key)
      if (known) return known.value
      const value = make()
      const bytes = bytesOf(value)
      sum += bytes
      for (const [oldest, { bytes }] of all) {
        if (sum <= mostBytes) break
        all.delete(oldest)
        sum -= bytes
      }
      all.set(key, { value, bytes })
      return value
    },
  }
}
