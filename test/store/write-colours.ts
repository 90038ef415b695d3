import { sqliteStore } from '../../src/store/sqlite.ts'
import { colourOfNumber, granuleOf, STRIDE_16 } from './colour-samples.ts'

/*
 * A process that writes colours from one number to another, some at a time, and names each on stdout when
 * it is reported as stored: node write-colours.ts <file> <from> <until>
 */

const [file = '', from = '', until = ''] = process.argv.slice(2)
const store = sqliteStore(file)
const colours = store.colours('gs://a')
let next = Number(from)

async function write(): Promise<void> {
  while (next < Number(until)) {
    const n = next++
    const lost = await colours.put(granuleOf(n), STRIDE_16, colourOfNumber(n))
    if (lost === undefined) process.stdout.write(`${n}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, write))
store.close()
