import { PAGE, type PageFile } from './page-file.ts'

/*
 * A table WITHOUT ROWID as SQLite keeps it, 1.6 of sqlite.org/fileformat2.html: a tree whose pages hold rows in
 * order; each row is there once, in a leaf or, between two of them, in a page above. Rows that come sorted fill one
 * page after another, which takes a tenth of what SQLite takes to insert them, and leaves no page half empty.
 */

/** Bytes of a row that a page of an index takes whole: 1.6, `X`; longer ones are for SQLite itself to insert. */
export const LONGEST = Math.floor(((PAGE - 12) * 64) / 255) - 23

export type TableTree = {
  /**
   * Rows that follow those before, as cells: the length as a varint, then the record.
   * @param lengths bytes of each cell
   */
  add(cells: Uint8Array, lengths: Uint16Array): void
  /** Draws what is above the leaves. */
  finish(): void
}

const LEAF = 10
const LEAF_HEAD = 8
const INTERIOR = 2
const INTERIOR_HEAD = 12
/** Bytes by which the head of a page names a cell, and a cell above the leaves names a page. */
const POINTER = 2
const CHILD = 4

/** @param root number of the table's first page, which is in the file */
export function createTree(pages: PageFile, root: number): TableTree {
  /** The cells of the leaf that is being filled. */
  const leaf = Buffer.alloc(PAGE)
  const lengths: number[] = []
  let used = 0
  /** The row behind a full leaf; it goes between two if another one follows. */
  let parting: Uint8Array | undefined
  const children: number[] = []
  const partings: Uint8Array[] = []

  const drawLeaf = (page: Buffer) => draw(page, LEAF, LEAF_HEAD, leaf.subarray(0, used), lengths)
  const turn = () => {
    children.push(pages.append(drawLeaf))
    lengths.length = 0
    used = 0
  }
  const take = (bytes: Uint8Array) => {
    leaf.set(bytes, used)
    used += bytes.length
  }

  return {
    add: (cells, more) => {
      // Cells from `from` on belong to the leaf and are copied when it is full.
      let [from, at, room] = [0, 0, PAGE - LEAF_HEAD - used - lengths.length * POINTER]
      for (const length of more) {
        if (parting) {
          turn()
          partings.push(parting)
          parting = undefined
          from = at
          room = PAGE - LEAF_HEAD
        }
        room -= length + POINTER
        if (room >= 0) lengths.push(length)
        else {
          take(cells.subarray(from, at))
          parting = cells.slice(at, at + length)
        }
        at += length
      }
      if (!parting) take(cells.subarray(from, at))
    },
    finish: () => {
      if (parting) {
        // Nothing follows: it begins a leaf of its own, and the row before it goes between.
        const last = used - (lengths.pop() ?? 0)
        partings.push(leaf.slice(last, used))
        used = last
        turn()
        lengths.push(parting.length)
        take(parting)
        parting = undefined
      }
      if (children.length === 0) pages.replace(root, drawLeaf)
      else {
        turn()
        raise(pages, root, { children, partings })
      }
    },
  }
}

/** Pages of one level, and the cells between each and the next. */
type Tier = { readonly children: readonly number[]; readonly partings: readonly Uint8Array[] }

/** Draws level upon level until one page holds all, which is the root. */
function raise(pages: PageFile, root: number, { children, partings }: Tier): void {
  const spans = spansOf(partings)
  const drawSpan = ([from, to]: Span) => {
    const cells = partings.slice(from, to).map((cell, i) => {
      const child = Buffer.alloc(CHILD)
      child.writeUInt32BE(children[from + i] ?? 0)
      return Buffer.concat([child, cell])
    })
    return (page: Buffer) => {
      const lengths = cells.map(({ length }) => length)
      draw(page, INTERIOR, INTERIOR_HEAD, Buffer.concat(cells), lengths)
      page.writeUInt32BE(children[to] ?? 0, INTERIOR_HEAD - CHILD)
    }
  }
  const [first, ...others] = spans
  if (first && others.length === 0) {
    pages.replace(root, drawSpan(first))
    return
  }
  raise(pages, root, {
    children: spans.map((span) => pages.append(drawSpan(span))),
    partings: others.flatMap(([from]) => partings[from - 1] ?? []),
  })
}

/** Cells that share a page: from the first to before the last. */
type Span = readonly [from: number, to: number]

/** As many on each page as it takes; the cell between two spans goes a level up. */
function spansOf(cells: readonly Uint8Array[]): Span[] {
  const spans: Span[] = []
  let [from, room] = [0, PAGE - INTERIOR_HEAD]
  for (const [i, cell] of cells.entries()) {
    room -= CHILD + cell.length + POINTER
    if (room >= 0) continue
    // A page has one cell at least, so the last but one is where the last page would else be empty.
    const to = i === cells.length - 1 ? i - 1 : i
    spans.push([from, to])
    from = to + 1
    room = PAGE - INTERIOR_HEAD
  }
  return [...spans, [from, cells.length]]
}

/** A page as 1.6 has it: head, where each cell lies, and at its end the cells. */
function draw(page: Buffer, kind: number, head: number, cells: Uint8Array, lengths: readonly number[]): void {
  const start = PAGE - cells.length
  page[0] = kind
  page.writeUInt16BE(lengths.length, 3)
  page.writeUInt16BE(start, 5)
  let [at, pointer] = [start, head]
  for (const length of lengths) {
    page[pointer] = at >> 8
    page[pointer + 1] = at & 0xff
    pointer += POINTER
    at += length
  }
  page.set(cells, start)
}
