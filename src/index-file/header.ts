import { open } from 'node:fs/promises'

/** "swIX": the application_id in queries/sqlite/layout.sql. */
export const APPLICATION = 0x73774958

/** What an SQLite file begins with, and where its application_id stands: sqlite.org/fileformat2.html, 1.3. */
const MAGIC = 'SQLite format 3\0'
const APPLICATION_AT = 68
const HEADER_BYTES = 100

/** Whether a file has the header of an index, whatever follows it. */
export async function startsAsIndex(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    return (
      bytesRead === HEADER_BYTES &&
      buffer.toString('latin1', 0, MAGIC.length) === MAGIC &&
      buffer.readUInt32BE(APPLICATION_AT) === APPLICATION
    )
  } finally {
    await handle.close()
  }
}
