import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Colour, Sampling } from '../src/colour/port.ts'
import { readConfig } from '../src/config.ts'
import { cancelled, Fault } from '../src/errors.ts'
import type { House, Session } from '../src/house.ts'
import { openHouse } from '../src/wire.ts'
import { temporaryFolder } from './temporary.ts'

/** The sample's house, whose colours are those it was drawn with: nothing is read or decoded. */
export type DrawnHouse = {
  readonly house: House
  /** What becomes of a granule in place of its drawn colour. */
  readonly instead: Map<string, Colour | Error>
  /** What was asked, in order. */
  readonly asked: { readonly granuleId: string; readonly sampling: Sampling }[]
  /** The most colours that were made at once. */
  mostAtOnce(): number
  close(): Promise<void>
}

/** Colours made once are remembered for their sampling, as by the real one. */
export async function openDrawnHouse(): Promise<DrawnHouse> {
  const folder = await temporaryFolder()
  const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }))
  const drawn = drawnColours()
  const instead: DrawnHouse['instead'] = new Map()
  const asked: { granuleId: string; sampling: Sampling }[] = []
  const made = new Map<string, Colour>()
  let [atOnce, most] = [0, 0]

  const colourOf: Session['colourOf'] = async ({ granuleId }, sampling, signal) => {
    asked.push({ granuleId, sampling })
    most = Math.max(most, ++atOnce)
    try {
      // Granules asked for later are done earlier, so that an order kept is no accident.
      for (let i = 0; i < 8 - (asked.length % 8); i++) await setImmediate()
      if (signal?.aborted) throw cancelled(signal.reason)
      const colour = instead.get(granuleId) ?? drawn.get(granuleId)
      if (!colour) throw new Fault('no-colour', `${granuleId} was never drawn.`)
      if (colour instanceof Error) throw colour
      const key = JSON.stringify([granuleId, sampling])
      const cost = made.has(key) ? undefined : NO_COST
      made.set(key, colour)
      return { colour, cost, unstored: undefined }
    } finally {
      atOnce--
    }
  }
  const rememberedColour: Session['rememberedColour'] = ({ granuleId }, sampling) =>
    made.get(JSON.stringify([granuleId, sampling]))

  return {
    house: { ...house, open: () => ({ ...house.open(), colourOf, rememberedColour }) },
    instead,
    asked,
    mostAtOnce: () => most,
    close: async () => {
      await house.close()
      await folder.remove()
    },
  }
}

const NO_COST = { listMs: 0, readMs: 0, reads: 0, bytes: 0, decodeMs: 0, cpuMs: 0, storeMs: 0 }

function drawnColours(): ReadonlyMap<string, Colour> {
  const text = readFileSync(join(import.meta.dirname, '../sample/drawn.csv'), 'utf8')
  const rows = text.trimEnd().split('\n').slice(1)
  return new Map(
    rows.map((row) => {
      const [granuleId = '', , , red, green, blue, valid] = row.split(',')
      const colour = { red: Number(red), green: Number(green), blue: Number(blue), valid: Number(valid) }
      return [granuleId, { ...colour, sampled: 1000 }]
    }),
  )
}
