import { z } from 'zod'
import type { TilePartLayout } from '../jpeg2000/codestream.ts'
import type { Database } from './database.ts'
import type { Failures } from './failures.ts'
import type { Layouts } from './port.ts'
import { openTable, type Table } from './table.ts'

export type LayoutTable = Pick<Table, 'close'> & { of(storage: string): Layouts }

/** Psot is as wide (ISO/IEC 15444-1 A.4.2), so every length of a tile-part fits. */
const BYTES = 4
const MOST = 2 ** 32 - 1

const lengths = z.array(z.int().positive().lte(MOST)).min(1)
const layout = z.object({ first: z.int().nonnegative(), lengths, most: lengths })

const columns = z.object({
  first: z.int(),
  lengths: z.instanceof(Uint8Array),
  most: z.instanceof(Uint8Array),
})

/** Where tile-parts lie, some 0.5 KB for a band of 121 of them. */
export function layoutTable(db: Database, failures: Failures): LayoutTable {
  const table = openTable(db, failures, {
    name: 'tile-part-layout',
    key: ['storage', 'key', 'size'],
    damaged: 'remembered places of tile-parts are damaged',
  })
  return {
    close: table.close,
    of: (storage) => ({
      get: (key, size) =>
        table.get({ storage, key, size }, (row) => {
          const { first, lengths, most } = columns.parse(row)
          return checked({ first, lengths: unpack(lengths), most: unpack(most) }, size)
        }),
      put: (key, size, layout) => {
        try {
          const { first, lengths, most } = checked(layout, size)
          void table.put({ storage, key, size, first, lengths: pack(lengths), most: pack(most) })
        } catch {
          failures.add('places of tile-parts could be none of their file')
        }
      },
    }),
  }
}

/** @throws where it cannot be the layout of a file of this size */
function checked(told: unknown, size: number): TilePartLayout {
  const sound = layout.parse(told)
  const end = sound.lengths.reduce((sum, length) => sum + length, sound.first)
  if (end > size) throw new Error(`its tile-parts end at ${end} of ${size} bytes`)
  return sound
}

function pack(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * BYTES)
  const view = new DataView(bytes.buffer)
  for (const [i, number] of numbers.entries()) view.setUint32(i * BYTES, number, true)
  return bytes
}

function unpack(bytes: Uint8Array): number[] {
  if (bytes.length % BYTES !== 0) throw new Error(`${bytes.length} bytes are no whole count of numbers`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / BYTES }, (_, i) => view.getUint32(i * BYTES, true))
}
