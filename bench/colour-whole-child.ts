import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

/*
 * node bench/colour-whole-child.ts <file> <reduce>
 * A whole file through the decoder that swath uses, nothing cut out: prints Whole. In a process of its own, as
 * its memory never shrinks.
 */

export type Whole = {
  /** Of reading the file and decoding it; neither loading the decoder nor averaging. */
  readonly cpuMs: number
  readonly wallMs: number
  /** Of the samples that are not 0, DN. */
  readonly mean: number
  /** Of the process at its peak, MB (10^6 bytes). */
  readonly peak: number
}

type Codec = { readonly J2KDecoder: new () => Decoder }
type Decoder = {
  getEncodedBuffer(length: number): Uint8Array
  decode(): void
  decodeSubResolution(level: number, layer: number): void
  getDecodedBuffer(): Uint8ClampedArray<ArrayBuffer>
}

const [path = '', reduce = '0'] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const factory: (hooks: object) => Promise<Codec> = require('@cornerstonejs/codec-openjpeg/decodewasmjs')
const complaints: string[] = []
const listen = (line: string) => {
  if (line.trim() !== '' && !line.startsWith('[INFO]')) complaints.push(line)
}
const codec = await factory({ print: listen, printErr: listen })

const cpu = process.cpuUsage()
const began = performance.now()
const bytes = await readFile(path)
const decoder = new codec.J2KDecoder()
decoder.getEncodedBuffer(bytes.length).set(bytes)
if (Number(reduce) === 0) decoder.decode()
else decoder.decodeSubResolution(Number(reduce), 0)
const { buffer } = decoder.getDecodedBuffer()
const wallMs = performance.now() - began
const { user, system } = process.cpuUsage(cpu)

if (complaints.length > 0) throw new Error(`The decoder says of ${path}: ${complaints.join(' ')}`)
let [sum, count] = [0, 0]
for (const value of new Uint16Array(buffer)) {
  if (value === 0) continue
  sum += value
  count++
}
const whole: Whole = {
  cpuMs: (user + system) / 1000,
  wallMs,
  mean: sum / count,
  peak: (process.resourceUsage().maxRSS * 1024) / 1e6,
}
console.log(JSON.stringify(whole))
