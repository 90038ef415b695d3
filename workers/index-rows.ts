import { parentPort } from 'node:worker_threads'
import { type MadeRows, madeRows } from '../src/index-file/made-rows.ts'

/** Lines of whole tiles, and the bytes of each tile's. */
export type Lines = { readonly lines: Uint8Array<ArrayBuffer>; readonly lengths: readonly number[] }
export type Reply = MadeRows | { readonly failed: string }

parentPort?.on('message', (lines: Lines) => {
  const reply = answer(lines)
  parentPort?.postMessage(reply, 'failed' in reply ? [] : [reply.cells.buffer, reply.lengths.buffer])
})

function answer({ lines, lengths }: Lines): Reply {
  try {
    return madeRows(lines, lengths)
  } catch (thrown) {
    return { failed: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) }
  }
}
