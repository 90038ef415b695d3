import { readFileSync } from 'node:fs'

/*
 * Loaded before a program (`node --import`), in each of its threads: the clock on the wall stands as many milliseconds
 * off as the file says that CLOCK_OFFSET_FILE names, from the moment it says so. Clocks that never jump are left alone.
 */

const file = process.env.CLOCK_OFFSET_FILE ?? ''
/** Milliseconds between two looks at the file. */
const LOOK_MS = 10
const RealDate = Date
let offset = 0
let looked = Number.NEGATIVE_INFINITY

function now(): number {
  const passed = performance.now()
  if (passed - looked > LOOK_MS) {
    looked = passed
    offset = Number(readFileSync(file, 'utf8'))
  }
  return RealDate.now() + offset
}

globalThis.Date = new Proxy(RealDate, {
  construct: (_, given, target) => Reflect.construct(RealDate, given.length > 0 ? given : [now()], target),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, self) => (name === 'now' ? now : Reflect.get(target, name, self)),
})
