/** What was made last, by its key. */
export type Kept<K, V> = {
  /** What is kept under a key; made and kept where there is none. */
  readonly of: (key: K, make: () => V) => V
}

/** Room for so many bytes, which several share. */
export type Room = {
  kept<K, V>(bytesOf: (value: V) => number): Kept<K, V>
}

/** Keeps as much as fits in so many bytes: what was made first goes first, what was made last always stays. */
export function roomOf(mostBytes: number): Room {
  const all = new Set<{ readonly bytes: number; readonly forget: () => void }>()
  let sum = 0
  return {
    kept: <K, V>(bytesOf: (value: V) => number): Kept<K, V> => {
      const values = new Map<K, { readonly value: V }>()
      return {
        of: (key, make) => {
          const known = values.get(key)
          if (known) return known.value
          const value = make()
          const bytes = bytesOf(value)
          sum += bytes
          for (const oldest of all) {
            if (sum <= mostBytes) break
            all.delete(oldest)
            oldest.forget()
            sum -= oldest.bytes
          }
          values.set(key, { value })
          all.add({ bytes, forget: () => values.delete(key) })
          return value
        },
      }
    },
  }
}
