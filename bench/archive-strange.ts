/** Where the fields stand that are spoilt below. */
const AT = {
  granule: 0,
  product: 1,
  datatake: 2,
  tile: 3,
  sensing: 4,
  size: 5,
  cloud: 6,
  quality: 7,
  generation: 8,
  north: 9,
  south: 10,
  west: 11,
  east: 12,
  base: 13,
  source: 14,
} as const

type Field = keyof typeof AT

/** Kinds of strange rows: what to put into which fields. */
const SPOILT: readonly Partial<Record<Field, string>>[] = [
  { north: '', south: '', west: '', east: '' },
  { cloud: '' },
  { size: '' },
  { generation: '' },
  { base: '', source: '' },
  { tile: '' },
  { sensing: '' },
  { granule: '' },
  { cloud: 'NaN' },
  { sensing: '2019-02-30T10:00:06.000000Z' },
  { size: '-1' },
  { quality: 'FAILED' },
  { west: '' },
  { product: '', datatake: '' },
  { tile: '99ZZZ' },
]

/**
 * A row made strange: one that came before, once more, or one of the kinds in their turn.
 * @param n a row of each kind is among any 16 that follow one another
 */
export function strangeRow(line: string, before: string, n: number): string {
  const spoilt = SPOILT[n % (SPOILT.length + 1)]
  if (!spoilt) return before
  const fields = line.split(',')
  for (const [name, value] of Object.entries(spoilt)) {
    const at = AT[name as Field]
    if (at < fields.length) fields[at] = value
  }
  return fields.join(',')
}
