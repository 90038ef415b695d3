import { type Context, Hono } from 'hono'
import type { Env } from '../env.ts'
import { refuseParameters } from '../no-parameters.ts'
import { guardPage } from '../security-headers.ts'
import { JSON_TYPE, OPENAPI_TYPE } from '../stac/documents.ts'
import { baseOf } from '../stac/links.ts'
import { type DocsAssets, loadDocsAssets } from './docs-assets.ts'
import type { OpenApiDocument } from './document.ts'

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

  let making: Promise<OpenApiDocument> | undefined
  // All of it but the address is the same for everybody; its schemas are some 8 MB, which a start does without.
  const documentFor = async (c: Context<Env>): Promise<OpenApiDocument> => {
    making ??= import('./document.ts').then(({ openApiDocument }) => openApiDocument(''))
    return { ...(await making), servers: [{ url: baseOf(c) }] }
  }

  routes.get('/openapi.json', async (c) => {
    refuseParameters(c)
    const text = `${JSON.stringify(await documentFor(c))}\n`
    return c.body(text, 200, {
      'Cache-Control': 'no-cache',
      'Content-Type': typeFor(c),
      Vary: 'Accept',
    })
  })
  routes.get('/docs', async (c) => {
    refuseParameters(c)
    const { version } = await load()
    guardPage(c, POLICY)
    c.header('Cache-Control', 'no-cache')
    const { docsPage } = await import('./docs-page.ts')
    return c.html(docsPage(await documentFor(c), `/docs/${version}.css`))
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
  })
}
