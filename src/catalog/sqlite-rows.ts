/**
 * Rows on their way from one thread to another: two thousand numbers of a page go over, and are thrown away
 * again, cheaper in one piece than in a hundred arrays.
 */
export type PackedRows = {
  /** Values of a row. */
  readonly width: number
  /** Row by row; not a number: NULL, or a text. */
  readonly numbers: Float64Array
  /** Where in numbers each text belongs, and the text. */
  readonly texts: readonly (readonly [at: number, text: string])[]
}

export function packRows(rows: readonly (readonly unknown[])[]): PackedRows {
  const width = rows[0]?.length ?? 0
  const numbers = new Float64Array(rows.length * width)
  const texts: (readonly [number, string])[] = []
  let at = 0
  for (const row of rows) {
    for (const value of row) {
      if (typeof value === 'string') texts.push([at, value])
      numbers[at++] = typeof value === 'number' ? value : Number.NaN
    }
  }
  return { width, numbers, texts }
}

/** The rows as they were: numbers, texts and null. */
export function unpackRows({ width, numbers, texts }: PackedRows): (readonly unknown[])[] {
  const rows: unknown[][] = []
  for (let at = 0; at < numbers.length; ) {
    const row: unknown[] = []
    for (let column = 0; column < width; column++) {
      const value = numbers[at++]
      row.push(Number.isNaN(value) ? null : value)
    }
    rows.push(row)
  }
  for (const [at, text] of texts) {
    const row = rows[Math.floor(at / width)]
    if (row) row[at % width] = text
  }
  return rows
}
