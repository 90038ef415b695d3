import { type Drawn, draw, halve } from '../test/colour/lifting.ts'
import { heading, say, table } from './figures.ts'

const SIDE = 1920
/** Columns by which an edge moves on each row. */
const SLOPES = [0.03, 0.1, 0.2, 0.35, 0.6, 1] as const
const VALUES = [30, 300, 1000, 3000, 8000] as const
const REDUCES = [1, 2, 3, 4] as const

/**
 * How far traces of data reach past its edge in a halved image: pixels that are not 0 beyond those that the data
 * covers, for each side that they share with pixels of 0. The constants TRACES of src/colour/mean.ts.
 */
export async function benchEdges(): Promise<void> {
  const rows = REDUCES.map((reduce) => [`r${reduce}`, ...VALUES.map((value) => cellOf(reduce, value))])
  heading('colour-edges: reach of traces past an edge, halved pixels')
  table(['', ...VALUES.map((value) => `${value} DN`)], rows)
  const slopes = SLOPES.join(', ')
  say(`Mean (least–most) over edges that move by ${slopes} columns a row, in an image of ${SIDE} × ${SIDE}.`)
}

function cellOf(reduce: number, value: number): string {
  const reaches = SLOPES.map((slope) => reachOf(reduce, value, slope))
  const mean = reaches.reduce((sum, reach) => sum + reach, 0) / reaches.length
  return `${mean.toFixed(2)} (${Math.min(...reaches).toFixed(2)}–${Math.max(...reaches).toFixed(2)})`
}

function reachOf(reduce: number, value: number, slope: number): number {
  const isData = (x: number, y: number) => x > SIDE * 0.3 + slope * y + 0.37
  const drawing = draw(SIDE, SIDE, (x, y) => (isData(x, y) ? value : 0))
  const covered = drawing.values.reduce((sum, pixel) => sum + (pixel === 0 ? 0 : 1), 0) / 4 ** reduce
  const { traced, faces } = countTraces(halve(drawing, reduce))
  return (traced - covered) / faces
}

/** The first row and column count for half, the last for one and a half: see src/colour/mean.ts. */
function countTraces({ values, width, height }: Drawn): { traced: number; faces: number } {
  const share = (at: number, length: number) => (at === 0 ? 0.5 : at === length - 1 ? 1.5 : 1)
  const is0 = (x: number, y: number) => x >= 0 && x < width && values[y * width + x] === 0
  const square = (x: number, y: number) => is0(x, y) && is0(x + 1, y) && is0(x, y + 1) && is0(x + 1, y + 1)
  /** As there, a 0 is nodata where it stands in a square of four. */
  const isTraced = (x: number, y: number) =>
    values[y * width + x] !== 0 ||
    !(square(x, y) || square(x - 1, y) || square(x, y - 1) || square(x - 1, y - 1))
  let [traced, faces] = [0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = isTraced(x, y)
      const weight = share(x, width) * share(y, height)
      if (here) traced += weight
      if (x > 0 && isTraced(x - 1, y) !== here) faces += weight
      if (y > 0 && isTraced(x, y - 1) !== here) faces += weight
    }
  }
  return { traced, faces }
}
