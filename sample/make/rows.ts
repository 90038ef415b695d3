import { type Drawing, offsetOf } from './draw.ts'
import type { Plan } from './granules.ts'
import type { Names } from './names.ts'
import { validBox } from './swath-edge.ts'

/** The archive's columns; rows of the long form carry no size there. */
export function indexRow(plan: Plan, names: Names, size: number): string {
  const generated = plan.generation.replace(/(.{4})(..)(..)T(..)(..)(..)/, '$1-$2-$3T$4:$5:$6.000000Z')
  return [
    names.granuleId,
    names.productId,
    names.datatake,
    plan.tile,
    plan.sensing,
    plan.form === 'long' ? '' : size,
    plan.cloudCover,
    'PASSED',
    generated,
    ...validBox(plan).map((degrees) => degrees.toFixed(10)),
    `gs://gcp-public-data-sentinel-2/${names.place}`,
  ].join()
}

/** Mean reflectance over the pixels that are not 0, and their share. */
export function drawnRow(plan: Plan, names: Names, { red, green, blue }: Drawing): string {
  const valid = red.filter((dn) => dn !== 0).length
  const mean = (band: Uint16Array) => (band.reduce((sum, dn) => sum + dn, 0) / valid - offsetOf(plan)) / 10000
  const numbers = [mean(red), mean(green), mean(blue), valid / red.length].map((value) => value.toFixed(6))
  return [names.granuleId, plan.level, plan.baseline, ...numbers].join()
}
