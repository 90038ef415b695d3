import { type MadeRows, madeRows } from '../src/index-file/made-rows.ts'

/** Lines of whole tiles, and the bytes of each tile's. */
export type Lines = { readonly lines: Uint8Array<ArrayBuffer>; readonly lengths: readonly number[] }

/** What of it throws is a bug. */
export default ({ lines, lengths }: Lines): MadeRows => madeRows(lines, lengths)
