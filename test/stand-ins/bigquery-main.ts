import { parseArgs } from 'node:util'
import { startBigQueryServer } from './bigquery-server.ts'

/*
 * The BigQuery stand-in as a process of its own:
 *   node test/stand-ins/bigquery-main.ts --table project.dataset.table=index.csv[,more.csv] [--table …]
 *     [--latency 30] [--port 0] [--max-seconds 600]
 * prints {"url": …} on a line of its own and serves until SIGTERM or the time is up.
 */

const { values } = parseArgs({
  options: {
    table: { type: 'string', multiple: true, default: [] },
    latency: { type: 'string', default: '0' },
    port: { type: 'string', default: '0' },
    'max-seconds': { type: 'string', default: '600' },
  },
})

const tables = values.table.map((given) => {
  const [name = '', files = ''] = given.split('=')
  if (name === '' || files === '') throw new Error(`--table takes name=file.csv, not ${given}.`)
  return [name, { csv: files.split(',') }] as const
})

const server = await startBigQueryServer({
  tables: Object.fromEntries(tables),
  latencyMs: number('--latency', values.latency),
  port: number('--port', values.port),
})

const end = async () => {
  await server.close()
  process.exit(0)
}
process.on('SIGTERM', end)
process.on('SIGINT', end)
setTimeout(end, number('--max-seconds', values['max-seconds']) * 1000)

console.log(JSON.stringify({ url: server.url }))

function number(name: string, text: string): number {
  const value = Number(text)
  if (text !== '' && Number.isFinite(value) && value >= 0) return value
  throw new Error(`${name} must be a number from 0 up, not ${text}.`)
}
