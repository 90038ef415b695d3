import { type ClientRequestOptions, hc } from 'hono/client'
import type { SwathApp } from './app.ts'

export type { SwathApp } from './app.ts'

/** A client of the service, typed by its routes. */
export type SwathClient = ReturnType<typeof hc<SwathApp>>

/**
 * A client of the service at this address: `swathClient(url).area.$get({ query: { bbox: '11.8,54.9,14,56' } })`.
 * Answers are those of fetch, whose `json()` has the type of the route's answer.
 * @param options as hc takes them: a fetch of one's own, headers
 */
export const swathClient = (url: string, options?: ClientRequestOptions): SwathClient =>
  hc<SwathApp>(url, options)
