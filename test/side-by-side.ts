import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { isOneOfSeveral, superviseProcesses } from '../src/processes.ts'
import { askProcesses } from '../src/processes-asked.ts'

/*
 * A service of three processes that answers with the numbers of all of them; once the file is there, none starts any
 * more: node side-by-side.ts <file>
 */

const [spoilt = ''] = process.argv.slice(2)

if (isOneOfSeveral()) {
  if (existsSync(spoilt)) process.exit(7)
  const asked = askProcesses(async () => process.pid)
  process.on('SIGTERM', () => process.exit(0))
  createServer((_, response) => {
    // The supervisor's own part comes last.
    asked.all().then((told) => {
      const [pids, supervisor] = [told.slice(0, -1), told.at(-1)]
      response.end(JSON.stringify({ pid: process.pid, pids, supervisor }))
    })
  }).listen(0, '127.0.0.1')
} else {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  try {
    await superviseProcesses({
      count: 3,
      stop: stop.signal,
      graceMs: 2000,
      onListening: (port) => console.info(`port ${port}`),
      onLost: (sentence) => console.info(sentence),
      part: (lost) => ({ pid: process.pid, lost }),
    })
  } catch (thrown) {
    console.info(String(thrown))
    process.exitCode = 1
  }
}
