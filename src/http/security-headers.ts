import type { Context, MiddlewareHandler } from 'hono'
import type { Env } from './env.ts'

/** An answer is data: whoever opens it as a page runs nothing and frames it nowhere. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
/** What none of our pages uses, and so nothing that got into one shall. */
const NOTHING_OF_THE_DEVICE = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'
/** Seconds for which browsers ask by https alone: a year. */
const HTTPS_ONLY = 'max-age=31536000'

/** Puts on every answer what browsers are told; what a handler says of itself, as a page does, stands instead. */
export const guardAnswers: MiddlewareHandler<Env> = (c, next) => {
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('Referrer-Policy', 'no-referrer')
  c.header('Content-Security-Policy', NO_PAGE)
  // Any page may ask here (CORS), and show the pictures of granules.
  c.header('Cross-Origin-Resource-Policy', 'cross-origin')
  return next()
}

/** Tells browsers that came by https to stay there; it stands behind what finds the origin. */
export const keepToHttps: MiddlewareHandler<Env> = (c, next) => {
  if (c.var.origin.startsWith('https:')) c.header('Strict-Transport-Security', HTTPS_ONLY)
  return next()
}

/** Says of an answer that it is a page of ours. @param policy its Content-Security-Policy */
export function guardPage(c: Context, policy: string): void {
  c.header('Content-Security-Policy', policy)
  c.header('Permissions-Policy', NOTHING_OF_THE_DEVICE)
  c.header('Referrer-Policy', 'same-origin')
  c.header('Cross-Origin-Opener-Policy', 'same-origin')
}
