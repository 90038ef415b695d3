import { aboutIndex } from '../../src/index-file/about.ts'

/* A process that tells how many tiles an index, <file>, has, or why it cannot. */

const [, , file = ''] = process.argv
try {
  process.stdout.write(`${aboutIndex(file).tiles} tiles\n`)
} catch (thrown) {
  process.stderr.write(String(thrown))
}
