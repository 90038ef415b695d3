import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import type { Context, MiddlewareHandler } from 'hono'
import { type Coding, codingOf } from './coding.ts'
import type { Env } from './env.ts'

/** Bytes below which packing saves no packet. */
const LEAST = 1024
const TEXT = /^(?:application\/(?:[\w.-]+\+)?json|text\/html)(?:;|$)/

/**
 * Packs answers that are made as one text, in the coding that their asker likes best, in libuv's threads; of a HEAD
 * it tells what a GET would. What is written as it is pulled stays as it is, so that its beginning leaves at once.
 */
export const packWhole: MiddlewareHandler<Env> = async (c, next) => {
  await next()
  const { status, headers } = c.res
  if (status !== 200 && status !== 304) return
  const isPacked = headers.has('Content-Encoding')
  if (status === 200 && (isPacked || !TEXT.test(headers.get('Content-Type') ?? ''))) return
  // Of a weak tag one does for all codings (RFC 9110, 8.8.3.3).
  // Hono's own way would copy the body of an answer that is made already.
  headers.append('Vary', 'Accept-Encoding')
  const coding = codingOf(c.req.header('Accept-Encoding') ?? '')
  if (status === 304 || coding === 'identity' || c.var.isPulled) return
  const bytes = new Uint8Array(await c.res.arrayBuffer())
  if (bytes.length < LEAST) return replaceBody(c, bytes, 'identity')
  replaceBody(c, await pack[coding](bytes), coding)
}

function replaceBody(c: Context<Env>, body: Uint8Array<ArrayBuffer>, coding: Coding): void {
  const headers = new Headers(c.res.headers)
  if (coding !== 'identity') headers.set('Content-Encoding', coding)
  headers.set('Content-Length', String(body.length))
  // Else Hono carries the headers of the one answer over to the other.
  c.res = undefined
  c.res = new Response(body, { status: 200, headers })
}

const zip = { br: promisify(brotliCompress), gzip: promisify(gzip) }

/** Levels that take some milliseconds a megabyte; higher ones cost several times as much for a fifth fewer bytes. */
const pack = {
  br: async (bytes: Uint8Array) =>
    new Uint8Array(
      await zip.br(bytes, {
        params: { [zlib.BROTLI_PARAM_QUALITY]: 3, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    ),
  gzip: async (bytes: Uint8Array) => new Uint8Array(await zip.gzip(bytes, { level: 2 })),
} as const satisfies Record<
  Exclude<Coding, 'identity'>,
  (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>
>
