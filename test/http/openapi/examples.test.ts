import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApiDocument } from '../../../src/http/openapi/document.ts'
import { exampleAddress } from '../../../src/http/openapi/example-address.ts'
import { type Sample, serveSample } from '../../browser/explorer-page.ts'
import { holdAgainst } from './fits.ts'

/*
 * Every example of the document is asked of a real service over the embedded sample, and the answer is held
 * against the document.
 */

const document = openApiDocument('http://127.0.0.1:8080')
const fits = holdAgainst(document)
let sample: Sample
beforeAll(async () => {
  sample = await serveSample()
})
afterAll(() => sample.close())

const examples = Object.entries(document.paths).flatMap(([path, { get }]) => {
  if (!get) return []
  const named = get.parameters.filter(({ example }) => example !== undefined)
  const addresses = [[], ...named.map(({ name }) => [name])].map((names) => exampleAddress(path, get, names))
  return [...new Set(addresses)].map((address) => ({ path, address }))
})

describe('the examples of the document', () => {
  test.each(examples)('GET $address', async ({ path, address }) => {
    const response = await fetch(sample.url + address, { redirect: 'manual' })
    expect(response.status, await response.clone().text()).toBe(path === '/stac/api' ? 307 : 200)
    await fits(path, 'get')(response)
  })

  test.each(['/area', '/area/summary', '/estimate'])('are areas that POST %s takes', async (path) => {
    const [example] = examplesOf('PostedArea')
    for (const type of ['application/geo+json', 'application/json']) {
      const response = await post(path, example, type)
      expect(response.status, await response.clone().text()).toBe(200)
      await fits(path, 'post')(response)
    }
  })

  test.each(membersOf('StacSearch'))(
    'are members that POST /stac/search takes: $name',
    async ({ name, example }) => {
      const { filter } = Object.fromEntries(
        membersOf('StacSearch').map((member) => [member.name, member.example]),
      )
      const body = { [name]: example, ...(name.startsWith('filter') ? { filter } : {}) }
      const response = await post('/stac/search', body, 'application/json')
      expect(response.status, await response.clone().text()).toBe(200)
      await fits('/stac/search', 'post')(response)
    },
  )

  test('are a body that POST /stac/search takes', async () => {
    const [example] = examplesOf('StacSearch')
    const response = await post('/stac/search', example, 'application/json')
    expect(response.status, await response.clone().text()).toBe(200)
    expect(await response.json()).toMatchObject({ numberReturned: 5 })
  })

  test('find something, most of them', async () => {
    const found = await Promise.all(
      examples
        .filter(({ path }) => path === '/area' || path === '/stac/search')
        .map(async ({ address }) => {
          const answer: unknown = await (await fetch(sample.url + address)).text()
          return String(answer).includes('.jp2') || String(answer).includes('"Feature"')
        }),
    )
    expect(found.filter((is) => is).length).toBeGreaterThan(found.length * 0.8)
  })

  test('a token comes from the answer before', async () => {
    for (const address of ['/area?bbox=11.8,54.9,14,56&limit=2', '/stac/search?limit=2']) {
      const { headers } = await fetch(sample.url + address)
      const next = /<([^>]+)>; rel="next"/.exec(headers.get('Link') ?? '')?.[1] ?? ''
      const response = await fetch(next)
      expect(response.status).toBe(200)
      await fits(address.split('?')[0] ?? '', 'get')(response)
    }
  })
})

describe('failures', () => {
  test.each([
    ['/area', '/area?bbox=1,2&limt=5', 400],
    ['/area/summary', '/area/summary', 400],
    ['/granules/{granule_id}', '/granules/L1C_T33UUB_A000001_20200715T102602', 404],
    ['/granules/{granule_id}/preview.{type}', '/granules/none/preview.png', 404],
    ['/openapi.json', '/openapi.json?pretty=1', 400],
    ['/stac/search', '/stac/search?bbox=1', 400],
    ['/stac/collections/{collection}', '/stac/collections/landsat', 404],
  ])('of %s are told as the document says: %s', async (path, address, status) => {
    const response = await fetch(sample.url + address)
    expect(response.status).toBe(status)
    await fits(path, 'get')(response)
  })

  test('of a body are told, too', async () => {
    const response = await post('/area', 'no area', 'text/plain')
    expect(response.status).toBe(415)
    await fits('/area', 'post')(response)
  })
})

describe('the service', () => {
  test('gives the document of its own address, by the media type that STAC links to', async () => {
    const response = await fetch(`${sample.url}/openapi.json`)
    const landing: unknown = await (await fetch(`${sample.url}/stac`)).json()
    expect(landing).toMatchObject({
      links: expect.arrayContaining([
        {
          rel: 'service-desc',
          type: response.headers.get('Content-Type'),
          href: `${sample.url}/openapi.json`,
        },
        { rel: 'service-doc', type: 'text/html', href: `${sample.url}/docs` },
      ]),
    })
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument(sample.url))))
  })
})

const post = (path: string, body: unknown, type: string) =>
  fetch(sample.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': type } })

type Schema = {
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
}

function schemaOf(name: string): Schema {
  return document.components.schemas[name] ?? {}
}
function examplesOf(name: string): readonly unknown[] {
  return schemaOf(name).examples ?? []
}
function membersOf(name: string) {
  return Object.entries(schemaOf(name).properties ?? {})
    .filter(([member]) => member !== 'token')
    .map(([member, { examples = [] }]) => ({ name: member, example: examples[0] }))
}
