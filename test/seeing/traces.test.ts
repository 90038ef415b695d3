import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { openHouse } from '../../src/wire.ts'
import { serveHouse } from '../serve.ts'
import { temporaryFolder } from '../temporary.ts'

/* A collector on loopback is sent what the service traced, as JSON. */

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> }
type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status: { readonly code?: number }
}
type Posted = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
  }[]
}

const posted: Posted[] = []
const paths: (string | undefined)[] = []
let collector: Server
let endpoint = ''
beforeAll(async () => {
  collector = createServer(async (request, response) => {
    paths.push(request.url)
    posted.push(JSON.parse((await Array.fromAsync(request.setEncoding('utf8'))).join('')))
    response.setHeader('Content-Type', 'application/json').end('{}')
  })
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const address = collector.address()
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => collector.close())

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const traceparent = (trace: string, flags: string) => ({ traceparent: `00-${trace}-${PARENT}-${flags}` })

/** Serves the sample, asks, ends it, and gives what was sent meanwhile. */
async function tracesOf(
  requests: readonly (readonly [path: string, headers?: Record<string, string>])[],
  env: Readonly<Record<string, string>> = {},
): Promise<Span[]> {
  posted.length = 0
  const folder = await temporaryFolder()
  const config = readConfig({
    SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...env,
  })
  const house = await openHouse(config)
  const { url, stop } = await serveHouse(house)
  for (const [path, headers = {}] of requests) await (await fetch(url + path, { headers })).text()
  stop()
  await house.close()
  await folder.remove()
  return posted.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  )
}

const attributeOf = (span: Span | undefined, key: string): unknown =>
  Object.values(span?.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0]

test("a request is a span of its client's trace, with a child for each call", async () => {
  const spans = await tracesOf([
    ['/granules/L1C_T33UUB_A017537_20200715T102602/colour', traceparent(TRACE, '01')],
    ['/area?bbox=11.8,54.9,14,56', traceparent('f'.repeat(32), '01')],
  ])
  expect(paths.every((path) => path === '/v1/traces')).toBe(true)
  const [colour, area] = [TRACE, 'f'.repeat(32)].map((trace) =>
    spans.filter(({ traceId }) => traceId === trace),
  )
  const root = colour?.find(({ parentSpanId }) => parentSpanId === PARENT)
  expect(root?.name).toBe('GET /granules/:granuleId/colour')
  expect(attributeOf(root, 'http.response.status_code')).toBe(200)
  const children = colour?.filter(({ parentSpanId }) => parentSpanId === root?.spanId) ?? []
  expect(new Set(children.map(({ name }) => name))).toEqual(
    new Set(['catalog_granule', 'storage_list', 'storage_read', 'decode']),
  )
  expect(children.length + 1).toBe(colour?.length)
  for (const child of children) {
    expect(BigInt(child.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(root?.startTimeUnixNano ?? 0))
    expect(BigInt(child.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(root?.endTimeUnixNano ?? 0))
  }
  // The lists of a body are made while it is pulled, when the handler is long done.
  const lists = area?.filter(({ name }) => name === 'storage_list') ?? []
  const areaRoot = area?.find(({ name }) => name === 'GET /area')
  expect(lists.length).toBeGreaterThan(3)
  expect(lists.every(({ parentSpanId }) => parentSpanId === areaRoot?.spanId)).toBe(true)
})

test('requests one after the other on one connection keep their spans apart', async () => {
  const spans = await tracesOf(
    Array.from({ length: 5 }, (_, i) => [
      '/images?lat=55.5&lng=13',
      traceparent(`${i + 1}`.repeat(32), '01'),
    ]),
  )
  for (let i = 1; i <= 5; i++) {
    const own = spans.filter(({ traceId }) => traceId === `${i}`.repeat(32))
    expect(own.filter(({ name }) => name === 'catalog_search')).toHaveLength(1)
  }
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(5)
})

test('what the client does not sample is not sent, and of the rest the share that is asked for', async () => {
  expect(await tracesOf([['/images?lat=55.5&lng=13', traceparent(TRACE, '00')]])).toEqual([])
  expect(await tracesOf([['/images?lat=55.5&lng=13']], { OTEL_TRACES_SAMPLER_ARG: '0' })).toEqual([])
  expect(await tracesOf([['/images?lat=55.5&lng=13']])).not.toEqual([])
})

test('failures are told by their code, and the service by its name', async () => {
  const spans = await tracesOf([['/granules/none']], { OTEL_SERVICE_NAME: 'my-swath' })
  const root = spans.find(({ name }) => name === 'GET /granules/:granuleId')
  expect(attributeOf(root, 'error.type')).toBe('not-found')
  const { attributes = [] } = posted[0]?.resourceSpans[0]?.resource ?? {}
  expect(attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'my-swath' } })
})

test('a collector that is away holds nobody up', async () => {
  const began = performance.now()
  await tracesOf([['/images?lat=55.5&lng=13']], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
  expect(performance.now() - began).toBeLessThan(5000)
})
