import { open } from 'node:fs/promises'

/** What is written of the file as a whole into its footer. */
export type ParquetMetadata = {
  readonly key: string
  /** Bytes of room for the value. */
  readonly room: number
  /** Asked when all rows are written; ASCII, filled up with spaces. */
  readonly value: () => string
}

/** Stands in the footer while the rows are written, for DuckDB wants a value before the first. */
export const placeholder = ({ key, room }: ParquetMetadata): string => `${key} `.padEnd(room, '.')

/** A Parquet file ends in its footer, the footer's length and this (parquet.apache.org, File Format). */
const MAGIC = 'PAR1'
const TAIL_BYTES = 8

/** Writes the value over its placeholder; nothing else in the file hangs on these bytes. */
export async function fillRoom(file: string, metadata: ParquetMetadata): Promise<void> {
  const value = Buffer.from(metadata.value().padEnd(metadata.room))
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    const tail = Buffer.alloc(TAIL_BYTES)
    await handle.read(tail, 0, TAIL_BYTES, size - TAIL_BYTES)
    const footer = Buffer.alloc(tail.readUInt32LE(0))
    const start = size - TAIL_BYTES - footer.length
    await handle.read(footer, 0, footer.length, start)
    const at = footer.indexOf(placeholder(metadata))
    if (tail.toString('latin1', 4) !== MAGIC || at < 0 || value.length !== metadata.room)
      throw new Error(`${metadata.key} finds no room in the footer of ${file}`)
    await handle.write(value, 0, value.length, start + at)
  } finally {
    await handle.close()
  }
}
