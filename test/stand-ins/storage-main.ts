import { parseArgs } from 'node:util'
import { generatedObjects } from './generated-objects.ts'
import { startStorageServer } from './storage-server.ts'

/*
 * The storage stand-in as a process of its own:
 *   node test/stand-ins/storage-main.ts (--folder DIR | --generate granules=121,images=13)
 *     [--latency 30] [--port 0] [--bucket NAME] [--max-seconds 600]
 * prints {"url": …} on a line of its own and serves until SIGTERM or the time is up.
 */

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    generate: { type: 'string' },
    latency: { type: 'string', default: '0' },
    port: { type: 'string', default: '0' },
    bucket: { type: 'string' },
    'max-seconds': { type: 'string', default: '600' },
  },
})

if ((values.folder === undefined) === (values.generate === undefined)) {
  throw new Error('Give the stand-in either --folder DIR or --generate granules=N,images=N.')
}

const server = await startStorageServer({
  ...(values.folder === undefined ? {} : { folder: values.folder }),
  ...(values.generate === undefined ? {} : { objects: generatedObjects(counts(values.generate)).objects }),
  ...(values.bucket === undefined ? {} : { bucket: values.bucket }),
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

function counts(text: string): { granules: number; images: number } {
  const given = new Map(text.split(',').map((pair) => [pair.split('=')[0], pair.split('=')[1]]))
  return {
    granules: number('granules', given.get('granules')),
    images: number('images', given.get('images')),
  }
}

function number(name: string, text: string | undefined): number {
  const value = Number(text)
  if (text !== undefined && text !== '' && Number.isFinite(value) && value >= 0) return value
  throw new Error(`${name} must be a number from 0 up, not ${text}.`)
}
