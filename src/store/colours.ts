import { z } from 'zod'
import { type Sampling, SOURCES } from '../colour/port.ts'
import { Fault, messageOf } from '../errors.ts'
import { query } from '../queries.ts'
import type { Granule } from '../sentinel2/granule.ts'
import type { Database } from './database.ts'
import type { Failures } from './failures.ts'
import type { Colours, RememberedColour } from './port.ts'
import { openTable, type Row, type Table } from './table.ts'

export type ColourTable = Pick<Table, 'close'> & {
  of(storage: string): Colours
  /**
   * What is committed; rows that cannot be colours are left out and count as failed.
   * @throws {Fault} misconfigured where the table cannot be read to its end
   */
  all(): Iterable<RememberedColour>
}

/** Rows read together for those who ask for all; no transaction stays open while they are used. */
const PAGE = 1000
const KEY = ['storage', 'place', 'granule_id', 'source', 'stride', 'method']
const NO_COLOUR = 'its numbers can be none of a colour'
const BEFORE_ALL: Row = { storage: '', place: '', granule_id: '', source: '', stride: -1 }

/** What a colour can be; zod's numbers are finite. */
const colour = z.object({
  red: z.number(),
  green: z.number(),
  blue: z.number(),
  valid: z.number().gt(0).lte(1),
  sampled: z.int().positive(),
})
/** Times that Micros can hold, and a sampling that can be asked for. */
const remembered = colour
  .extend({
    storage: z.string(),
    place: z.string(),
    granule_id: z.string(),
    source: z.enum(SOURCES),
    stride: z.int().nonnegative().lte(64),
    method: z.int(),
    product_id: z.string(),
    mgrs_tile: z.string(),
    sensing_time: z.int().nonnegative(),
    made_at: z
      .int()
      .nonnegative()
      .lt(Number.MAX_SAFE_INTEGER / 1000),
  })
  .refine(({ source, stride }) => (source === 'preview') === (stride === 0))

/** Colours as one method makes them; those of another are as good as not there. */
export function colourTable(db: Database, method: number, failures: Failures): ColourTable {
  const table = openTable(db, failures, {
    name: 'colour',
    key: KEY,
    damaged: 'a remembered colour is damaged',
  })
  const page = db.prepare(query('store', 'colours'))

  function pageAfter(last: Row): Row[] {
    try {
      const after = Object.fromEntries(KEY.map((column) => [column, last[column] ?? null]))
      return page.all({ ...after, method, limit: PAGE })
    } catch (cause) {
      const sentence = `The colours in the store ${db.location()} cannot be read to their end: ${messageOf(cause)}.`
      throw new Fault('misconfigured', sentence, { cause })
    }
  }

  return {
    close: table.close,
    of: (storage) => ({
      get: (granule, sampling) =>
        table.get(keyOf(storage, granule, sampling, method), (row) => colour.parse(row)),
      put: async (granule, sampling, made) => {
        const sound = colour.safeParse(made)
        if (!sound.success) {
          failures.add(NO_COLOUR)
          return NO_COLOUR
        }
        const key = keyOf(storage, granule, sampling, method)
        const { productId: product_id, mgrsTile: mgrs_tile, sensingTime: sensing_time } = granule
        const row = { ...key, product_id, mgrs_tile, sensing_time, ...sound.data, made_at: Date.now() }
        return table.put(table.waiting(key) ?? row)
      },
    }),
    *all() {
      for (let rows = pageAfter(BEFORE_ALL); ; ) {
        for (const row of rows) {
          const whole = table.parsed(row, rememberedOf)
          if (whole) yield whole
        }
        const last = rows.at(-1)
        if (!last || rows.length < PAGE) return
        rows = pageAfter(last)
      }
    },
  }
}

const keyOf = (
  storage: string,
  { place, granuleId }: Pick<Granule, 'place' | 'granuleId'>,
  sampling: Sampling,
  method: number,
): Row => ({
  storage,
  place,
  granule_id: granuleId,
  source: sampling.source,
  stride: sampling.source === 'bands' ? sampling.stride : 0,
  method,
})

/** @throws where it is no row of a colour */
function rememberedOf(row: Row): RememberedColour {
  const { storage, place, source, stride, method, red, green, blue, valid, sampled, ...rest } =
    remembered.parse(row)
  return {
    storage,
    granule: {
      place,
      granuleId: rest.granule_id,
      productId: rest.product_id,
      mgrsTile: rest.mgrs_tile,
      sensingTime: rest.sensing_time,
    },
    sampling: source === 'bands' ? { source, stride } : { source },
    colour: { red, green, blue, valid, sampled },
    method,
    madeAt: rest.made_at,
  }
}
