import { updateIndex } from '../src/update-index.ts'

/* A process that updates an index: <file> <csv>. */

const [, , file = '', csv = ''] = process.argv
await updateIndex({ file, from: [csv] })
