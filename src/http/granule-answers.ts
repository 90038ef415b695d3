import type { Context } from 'hono'
import type { Sampling } from '../colour/port.ts'
import { DEFAULT_SAMPLING } from '../colour-query.ts'
import { colourProperties, featureOf, imagesOf, propertiesOf, samplingProperties } from '../formats.ts'
import { findGranule, listGranule } from '../list-area.ts'
import type { Env } from './env.ts'
import { refuseParameters } from './no-parameters.ts'

/** `/granules/{granule_id}`: its properties and images, its colour where it is remembered. */
export async function granuleAnswer(c: Context<Env>, granuleId: string) {
  refuseParameters(c)
  const { signal } = c.req.raw
  const { session } = c.var
  const granule = await findGranule(session, granuleId, signal)
  const listed = await listGranule(session, granule, undefined, signal)
  const { geometry } = featureOf(listed, session.storage.bucket)
  const colour = session.rememberedColour(granule, DEFAULT_SAMPLING)
  return c.json({
    ...propertiesOf(granule),
    ...colourProperties(colour, DEFAULT_SAMPLING.source),
    footprint: geometry,
    images: imagesOf(listed, session.storage.bucket),
  })
}

/** `/granules/{granule_id}/colour`: its mean colour, made if need be. */
export async function colourAnswer(c: Context<Env>, granuleId: string, sampling: Sampling) {
  const { signal } = c.req.raw
  const { session } = c.var
  const granule = await findGranule(session, granuleId, signal)
  const { colour, cost } = await session.colourOf(granule, sampling, signal)
  return c.json({
    granule_id: granule.granuleId,
    product_id: granule.productId,
    ...colourProperties(colour, sampling.source),
    valid: colour.valid,
    sampled: colour.sampled,
    ...samplingProperties(sampling),
    cached: cost === undefined,
  })
}
