import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Planes } from './pictures.ts'

/**
 * The archive's codestream forms with tiles and precincts an eighth as wide, or a quarter where an eighth
 * would not halve four times or be mostly headers: a tile has about as many packets as a real one.
 */
export const FORMS = {
  '10m': { tile: 128, block: 64, precinct: 32, decompositions: 4 },
  '20m': { tile: 80, block: 8, precinct: 16, decompositions: 4 },
  '60m': { tile: 48, block: 4, precinct: 16, decompositions: 4 },
  trueColour: { tile: 64, block: 16, precinct: 32, decompositions: 4 },
  trueColour60m: { tile: 32, block: 16, precinct: 16, decompositions: 4 },
  // Real previews have four; opj_compress refuses more than a tile of 8 can be halved.
  preview: { tile: 8, block: 16, precinct: 128, decompositions: 3 },
} as const

export type Form = (typeof FORMS)[keyof typeof FORMS]

/** Where a picture lies, in metres of UTM zone 33: its upper left corner and its pixel. */
export type Georeference = { readonly west: number; readonly north: number; readonly pixel: number }

/** Packs planes of 8 or 15 bits into a JP2 file of a form, reversible, with PLT markers. */
export function packJp2(picture: Planes<Uint8Array | Uint16Array>, form: Form, place: Georeference): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'swath-sample-'))
  try {
    const [plain, packed] = [join(folder, 'in.pnm'), join(folder, 'out.jp2')]
    writeFileSync(plain, netpbm(picture))
    const resolutions = form.decompositions + 1
    opj('opj_compress', [
      ...['-i', plain, '-o', packed, '-p', 'LRCP', '-n', `${resolutions}`],
      ...['-t', `${form.tile},${form.tile}`, '-b', `${form.block},${form.block}`],
      ...['-c', Array(resolutions).fill(`[${form.precinct},${form.precinct}]`).join(',')],
      ...['-mct', picture.planes.length === 3 ? '1' : '0', '-PLT', '-C', 'drawn, not sensed'],
    ])
    return withGml(readFileSync(packed), picture.side, place)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Decodes a JP2 file into raw samples, to compare what two versions of the tool made. */
export function unpackJp2(jp2: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'swath-sample-'))
  try {
    const [packed, raw] = [join(folder, 'in.jp2'), join(folder, 'out.raw')]
    writeFileSync(packed, jp2)
    opj('opj_decompress', ['-i', packed, '-o', raw])
    return readFileSync(raw)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws {Error} where the tool is missing, saying what to install, or where it fails, with its own words. */
function opj(tool: 'opj_compress' | 'opj_decompress', options: readonly string[]): void {
  const run = spawnSync(tool, options, { encoding: 'utf8', timeout: 60_000 })
  if (run.error && 'code' in run.error && run.error.code === 'ENOENT')
    throw new Error(
      `${tool} is not on the PATH: the sample is packed with OpenJPEG's tools. Install them ` +
        '(Debian, Ubuntu: apt-get install libopenjp2-tools; macOS: brew install openjpeg) and run this again.',
    )
  if (run.error) throw run.error
  if (run.status !== 0)
    throw new Error(
      `${tool} (${options.join(' ')}) failed with status ${run.status}: ${run.stderr}${run.stdout}`,
    )
}

/**
 * Netpbm, grey or colour, pixel by pixel, two bytes a sample above 8 bits: of opj_compress's inputs the one
 * that takes the depth from the header. PGX takes it from the largest sample, RAW refuses odd sides.
 */
function netpbm({ side, planes }: Planes<Uint8Array | Uint16Array>): Uint8Array {
  const wide = planes[0] instanceof Uint16Array
  const samples = Buffer.alloc(side * side * planes.length * (wide ? 2 : 1))
  for (const [c, plane] of planes.entries())
    for (const [i, value] of plane.entries()) {
      const at = i * planes.length + c
      if (wide) samples.writeUInt16BE(value, at * 2)
      else samples[at] = value
    }
  const head = `${planes.length === 3 ? 'P6' : 'P5'}\n${side} ${side}\n${wide ? 2 ** 15 - 1 : 255}\n`
  return Buffer.concat([Buffer.from(head), samples])
}

/** Puts a GMLJP2 box (OGC 05-047r3) before the codestream, where the archive's files have theirs. */
function withGml(jp2: Buffer, side: number, place: Georeference): Buffer {
  const at = jp2.indexOf('jp2c') - 4
  const label = (text: string) => box('lbl ', Buffer.from(text))
  const instance = box('asoc', label('gml.root-instance'), box('xml ', Buffer.from(gml(side, place))))
  return Buffer.concat([jp2.subarray(0, at), box('asoc', label('gml.data'), instance), jp2.subarray(at)])
}

/** A box: length, type, content (ISO/IEC 15444-1 I.4). */
function box(type: string, ...content: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + content.reduce((sum, part) => sum + part.length, 0))
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, ...content])
}

function gml(side: number, { west, north, pixel }: Georeference): string {
  const crs = 'srsName="urn:ogc:def:crs:EPSG::32633"'
  return `<?xml version="1.0" encoding="UTF-8"?>
<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"><gml:featureMember>
<gml:RectifiedGridCoverage dimension="2" gml:id="C1"><gml:rectifiedGridDomain><gml:RectifiedGrid dimension="2">
<gml:limits><gml:GridEnvelope><gml:low>1 1</gml:low><gml:high>${side} ${side}</gml:high></gml:GridEnvelope></gml:limits>
<gml:axisName>x</gml:axisName><gml:axisName>y</gml:axisName>
<gml:origin><gml:Point gml:id="P1" ${crs}><gml:pos>${west + pixel / 2} ${north - pixel / 2}</gml:pos></gml:Point></gml:origin>
<gml:offsetVector ${crs}>${pixel} 0</gml:offsetVector><gml:offsetVector ${crs}>0 ${-pixel}</gml:offsetVector>
</gml:RectifiedGrid></gml:rectifiedGridDomain>
<gml:rangeSet><gml:File><gml:fileName>gmljp2://codestream/0</gml:fileName>
<gml:fileStructure>Record Interleaved</gml:fileStructure></gml:File></gml:rangeSet>
</gml:RectifiedGridCoverage></gml:featureMember></gml:FeatureCollection>
`
}
