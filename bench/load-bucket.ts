import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { generatedObjects } from '../test/stand-ins/generated-objects.ts'
import { startStorageServer } from '../test/stand-ins/storage-server.ts'
import { IMAGES } from './world.ts'

/*
 * The storage stand-in over generated granules whose B02, B03 and B04 are images of full size:
 *   node bench/load-bucket.ts --granules N --latency MS [--bands B02.jp2,B03.jp2,B04.jp2]
 * The granules share the bytes of the three, each in one of the six orders, so that their colours differ.
 */

const { values } = parseArgs({
  options: { granules: { type: 'string' }, latency: { type: 'string' }, bands: { type: 'string' } },
})
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const
const SHOWN = ['B02', 'B03', 'B04']

const bands = values.bands?.split(',').map((file) => new Uint8Array(readFileSync(file))) ?? []
const server = await startStorageServer({
  objects: shown(generatedObjects({ granules: Number(values.granules), images: IMAGES }).objects),
  latencyMs: Number(values.latency),
})
process.on('SIGTERM', async () => {
  await server.close()
  process.exit(0)
})
console.log(JSON.stringify({ url: server.url }))

function* shown(objects: ReadonlyMap<string, number>): Generator<[string, Uint8Array | number]> {
  for (const [key, size] of objects) {
    const [, orbit, band] = /_A(\d{6})_.*_(B\d[\dA])\.jp2$/.exec(key) ?? []
    const place = SHOWN.indexOf(band ?? '')
    const order = ORDERS[Number(orbit) % ORDERS.length]
    yield [key, (place === -1 ? undefined : bands[order?.[place] ?? -1]) ?? size]
  }
}
