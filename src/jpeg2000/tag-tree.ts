/** Numbers of a grid of code-blocks, told bit by bit as far as they are needed (B.10.2). */
export type TagTree = {
  /**
   * Whether the number of a leaf is below a threshold; reads the bits that are missing for that.
   * @param leaf row by row from 0
   */
  isBelow(leaf: number, threshold: number, bit: () => number): boolean
}

/** Each node holds the smallest number of the four below it; level 0 is the leaves. */
export function tagTree(across: number, down: number): TagTree {
  const levels = [createLevel(across, down)]
  for (let [w, h] = [across, down]; w * h > 1; ) {
    w = Math.ceil(w / 2)
    h = Math.ceil(h / 2)
    levels.push(createLevel(w, h))
  }
  return {
    isBelow(leaf, threshold, bit) {
      const [column, row] = [leaf % across, Math.floor(leaf / across)]
      let low = 0
      let known = false
      for (let i = levels.length - 1; i >= 0; i--) {
        const level = levels[i]
        if (level === undefined) break
        const node = (row >> i) * level.across + (column >> i)
        low = Math.max(low, level.low[node] ?? 0)
        known = level.known[node] === 1
        while (!known && low < threshold) {
          if (bit() === 1) known = true
          else low++
        }
        level.low[node] = low
        level.known[node] = known ? 1 : 0
      }
      return known && low < threshold
    },
  }
}

/** What is known of a level's nodes: a number is at least `low`, and just that where it is `known`. */
const createLevel = (across: number, down: number) => ({
  across,
  low: new Int32Array(across * down),
  known: new Uint8Array(across * down),
})
