import { type Context, Hono } from 'hono'
import type { Env } from '../env.ts'
import { refuseParameters } from '../no-parameters.ts'
import { JSON_TYPE, OPENAPI_TYPE } from '../stac/documents.ts'
import { baseOf } from '../stac/links.ts'
import { type DocsAssets, loadDocsAssets } from './docs-assets.ts'
import { docsPage } from './docs-page.ts'
import { type OpenApiDocument, openApiDocument } from './document.ts'

/** The page has no scripts and loads nothing but its own style sheet. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

/** `/openapi.json` and the page made of it. */
export function openApiRoutes(): Hono<Env> {
  const routes = new Hono<Env>()
  let loading: Promise<DocsAssets> | undefined
  const load = () => {
    loading ??= loadDocsAssets()
    return loading
  }

  let made: OpenApiDocument | undefined
  // All of it but the address is the same for everybody.
  const documentFor = (c: Context): OpenApiDocument => {
    made ??= openApiDocument('')
    return { ...made, servers: [{ url: baseOf(c) }] }
  }

  routes.get('/openapi.json', (c) => {
    refuseParameters(c)
    const text = `${JSON.stringify(documentFor(c))}\n`
    return c.body(text, 200, {
      'Cache-Control': 'no-cache',
      'Content-Type': typeFor(c),
      Vary: 'Accept',
    })
  })
  routes.get('/docs', async (c) => {
    refuseParameters(c)
    const { version } = await load()
    c.header('Content-Security-Policy', POLICY)
    c.header('Referrer-Policy', 'same-origin')
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Cache-Control', 'no-cache')
    return c.html(docsPage(documentFor(c), `/docs/${version}.css`))
  })
  routes.get('/docs/:file{[\\w-]+\\.css}', async (c) => styleSheet(c, await load()))
  return routes
}

/** Readers of OpenAPI 3.0, as GDAL is, ask for that or else for JSON, and take no other type. */
function typeFor(c: Context): string {
  const accepted = c.req.header('Accept') ?? ''
  const takesOurs = accepted.includes('*') || accepted.includes(OPENAPI_TYPE)
  return accepted.includes(JSON_TYPE) && !takesOurs ? JSON_TYPE : OPENAPI_TYPE
}

/** Its name is that of its content, so that what it holds never changes. */
function styleSheet(c: Context<Env>, { version, css }: DocsAssets) {
  if (c.req.param('file') !== `${version}.css`) return c.notFound()
  return c.body(css, 200, {
    'Content-Type': 'text/css; charset=utf-8',
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
  })
}
