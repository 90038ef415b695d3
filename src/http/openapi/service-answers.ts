import { z } from 'zod'

/* What /healthz and /readyz answer; see answers.ts. */

const count = z.int().min(0)
const time = z.iso.datetime()

export const health = z.strictObject({ status: z.literal('ok') })

const calls = z.strictObject({ list: count, read: count })
const upstream = z
  .strictObject({ state: z.enum(['closed', 'open', 'probing']), opened: count, refused: count })
  .meta({ description: 'open: it failed so often that it is not asked for a while.' })
const age = z.strictObject({
  newest_sensing: time,
  newest_generation: time.nullable(),
  complete_up_to: time.nullable(),
  age_days: z.number(),
})

export const readiness = z.strictObject({
  status: z.literal('ready'),
  index: z
    .strictObject({ levels: z.strictObject({ L1C: age.nullable(), L2A: age.nullable() }), updated_at: time })
    .nullable()
    .meta({ description: 'How fresh the index is; null of a catalog that is always current.' }),
  catalog: z.string(),
  storage: z.string(),
  upstreams: z.strictObject({ storage: upstream, catalog: upstream.optional() }),
  callsInFlight: calls,
  callsWaiting: calls,
  listings: z.strictObject({ hits: count, misses: count, stale: count }).meta({
    description: 'Lists of the bucket; stale: served from memory while it was away, since the start.',
  }),
  colours: z.strictObject({
    remembered: count,
    made: count,
    failed: count,
    inFlight: count,
    waiting: count,
  }),
  previews: z.strictObject({ recalled: count, drawn: count, failed: count, bytes: count }),
  decoding: z.strictObject({
    threads: count,
    started: count,
    busy: count,
    waiting: count,
    decoded: count,
    unreadable: count,
    replaced: count,
  }),
  store: z.strictObject({
    listings: count,
    colours: count,
    failed: count,
    lastFailure: z.string().optional(),
    failing: z.literal(true).optional(),
  }),
})
