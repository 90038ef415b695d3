/** Numbers from 0 on, each in a group of its own until groups are joined. */
export function groupsOf(count: number) {
  const parents = Int32Array.from({ length: count }, (_, i) => i)
  /** The number that stands for a group; the way there is halved for the next who asks. */
  const of = (number: number): number => {
    let here = number
    for (;;) {
      const parent = parents[here] ?? here
      if (parent === here) return here
      const next = parents[parent] ?? parent
      parents[here] = next
      here = next
    }
  }
  const join = (a: number, b: number): void => {
    parents[of(a)] = of(b)
  }
  return { of, join }
}
