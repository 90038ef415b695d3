import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

/** Bytes of a page of an index. */
export const PAGE = 8192
/** Pages that are written at once. */
const SLAB = 256
/** SQLite locks a file by the bytes from 2^30 on, and the page that they lie in stays unused. */
const LOCK_PAGE = 2 ** 30 / PAGE + 1
/** Where the header of a file tells how many pages it has. */
const COUNT_AT = 28

/** Pages behind those that a SQLite file has; see 1.3 and 1.4 of sqlite.org/fileformat2.html. */
export type PageFile = {
  /** Makes one more page, which `draw` fills with what is zero so far. @returns its number */
  append(draw: (page: Buffer) => void): number
  /** Draws a page anew that the file has. */
  replace(page: number, draw: (page: Buffer) => void): void
  /** Writes what is not yet written, and how many pages there are. */
  finish(): void
  close(): void
}

/** Opens a file that nobody else has open. What Node throws where the disk is full is thrown on. */
export function openPages(file: string): PageFile {
  const fd = openSync(file, 'r+')
  const slab = Buffer.alloc(SLAB * PAGE)
  let isOpen = true
  /** Numbers of pages, from 1: of the first in the slab, and of the next. */
  let first = fstatSync(fd).size / PAGE + 1
  let next = first

  const write = (bytes: Buffer, position: number) => {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, position + done)
    }
  }
  const empty = () => {
    write(slab.subarray(0, (next - first) * PAGE), (first - 1) * PAGE)
    first = next
  }
  return {
    append: (draw) => {
      if (next === LOCK_PAGE) {
        empty()
        next++
        first = next
      }
      if (next - first === SLAB) empty()
      const at = (next - first) * PAGE
      const page = slab.subarray(at, at + PAGE).fill(0)
      draw(page)
      return next++
    },
    replace: (number, draw) => {
      const page = Buffer.alloc(PAGE)
      draw(page)
      write(page, (number - 1) * PAGE)
    },
    finish: () => {
      empty()
      const count = Buffer.alloc(4)
      count.writeUInt32BE(next - 1)
      write(count, COUNT_AT)
    },
    close: () => {
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}
