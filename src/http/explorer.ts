import { Hono } from 'hono'
import { codingOf } from './coding.ts'
import type { Env } from './env.ts'
import { type Asset, loadAssets } from './explorer-assets.ts'
import { notAllowed } from './problem.ts'
import { guardPage } from './security-headers.ts'

/**
 * What the page may do: run, style and ask what this service serves and nothing else. The map makes pictures of
 * its own (data:, blob:); its worker is a file of ours.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The path of an asset names the content of all of them, so that what it holds never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/**
 * The page at `/` and its files below `/explorer/`, kept in memory from the first asker on.
 * @param catalog as House.state tells it; the page opens on the embedded sample, and nowhere else by itself
 */
export function explorerRoutes(catalog: string): Hono<Env> {
  const routes = new Hono<Env>()
  let loading: ReturnType<typeof loadAssets> | undefined
  const load = () => {
    loading ??= loadAssets(catalog).catch((thrown) => {
      loading = undefined
      throw thrown
    })
    return loading
  }

  routes.get('/', async (c) => {
    guardPage(c, POLICY)
    c.header('Cache-Control', 'no-cache')
    const { page } = await load()
    return send(page, c.req.raw.headers, c.res.headers)
  })
  routes.get('/explorer/:version/:file', async (c) => {
    const { version, find } = await load()
    const asset = c.req.param('version') === version ? await find(c.req.param('file')) : undefined
    if (!asset) return c.notFound()
    // A worker goes by the policy that its own file comes with.
    c.header('Content-Security-Policy', POLICY)
    c.header('Cache-Control', FOR_EVER)
    return send(asset, c.req.raw.headers, c.res.headers)
  })
  for (const path of ['/', '/explorer/:version/:file']) {
    routes.all(path, (c) => notAllowed(c, ['GET', 'HEAD']))
  }
  return routes
}

/** An asset in the coding that its asker takes; 304 where the asker holds it. */
async function send(asset: Asset, asked: Headers, headers: Headers): Promise<Response> {
  const coding = codingOf(asked.get('Accept-Encoding') ?? '')
  // One tag a coding, since each is a representation of its own (RFC 9110, 8.8.3.3).
  const tag = `"${asset.digest}${coding === 'identity' ? '' : `-${coding}`}"`
  headers.set('ETag', tag)
  headers.set('Vary', 'Accept-Encoding')
  const held = asked.get('If-None-Match') ?? ''
  if (held.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)) {
    return new Response(null, { status: 304, headers })
  }
  if (coding !== 'identity') headers.set('Content-Encoding', coding)
  const body = await asset.as(coding)
  headers.set('Content-Type', asset.mediaType)
  headers.set('Content-Length', String(body.length))
  return new Response(body, { headers })
}
