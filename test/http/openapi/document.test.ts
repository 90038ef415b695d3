import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, test } from 'vitest'
import about from '../../../package.json' with { type: 'json' }
import { readConfig } from '../../../src/config.ts'
import { createApp } from '../../../src/http/app.ts'
import { openApiDocument } from '../../../src/http/openapi/document.ts'
import { openHouse } from '../../../src/wire.ts'
import { temporaryFolder } from '../../temporary.ts'

const document = openApiDocument('http://127.0.0.1:8080')
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** Files of pages, which no client asks for by itself. */
const FILES_OF_PAGES = ['/explorer/{version}/{file}', '/docs/{file}']
/** Tells which endings there are where another one is asked for. */
const OTHER_ENDINGS = '/granules/{granule_id}/{file}'
/** For App Engine alone. */
const WARM_UP = '/_ah/warmup'

/** A path of Hono's as the document writes it. */
const pathOf = (path: string): string =>
  path
    .replace(/\/preview\.\w+$/, '/preview.{type}')
    .replaceAll(/:(\w+)(\{.*\})?/g, (_, name: string) => `{${name === 'granuleId' ? 'granule_id' : name}}`)

describe('the document', () => {
  test('has no errors by the recommended rules of redocly', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: { 'no-server-example.com': 'error' },
    })
    const source = JSON.stringify(document)
    const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
    const told = problems.map(
      ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`,
    )
    expect(told.filter((_, i) => problems[i]?.severity === 'error')).toEqual([])

    const broken = source.replace('"operationId":"listArea"', '"operationId":"listPostedArea"')
    const found = await lintFromString({ source: broken, absoluteRef: '/openapi.json', config })
    expect(found.map(({ ruleId }) => ruleId)).toContain('operation-operationId-unique')
  })

  test('has every route that the service has, and no other', async () => {
    const folder = await temporaryFolder()
    const house = await openHouse(readConfig({ SWATH_STORE: `sqlite:${folder.path}/store.sqlite` }))
    const routes = createApp(house).routes.filter(({ method }) => method !== 'ALL')
    await house.close()
    await folder.remove()
    const served = new Set(routes.map(({ method, path }) => `${method} ${pathOf(path)}`))
    for (const path of [...FILES_OF_PAGES, OTHER_ENDINGS, WARM_UP]) {
      expect(served.delete(`GET ${path}`), path).toBe(true)
    }
    const told = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    expect(told.toSorted()).toEqual([...served].toSorted())
  })

  test.each(operations)(
    'tells of every parameter of $method $path what it is, with an example',
    ({ operation }) => {
      for (const { name, description, schema, example } of operation.parameters) {
        expect(description, name).not.toBe('')
        expect(schema.type ?? schema.enum, name).toBeDefined()
        // A token comes from an answer.
        if (name !== 'token') expect(example, name).toBeDefined()
      }
    },
  )

  test('tells the version of the package', () => {
    expect(document.info).toMatchObject({
      title: about.name,
      version: about.version,
      license: { name: about.license },
    })
  })

  test('has the bounds and defaults that the service reads by', () => {
    const [limit, stride, cloud, level] = ['limit', 'stride', 'cloud', 'level'].map(
      (wanted) => document.paths['/area']?.get?.parameters.find(({ name }) => name === wanted)?.schema,
    )
    expect(limit).toEqual({ type: 'integer', minimum: 1, default: 250 })
    expect(stride).toEqual({ type: 'integer', minimum: 1, maximum: 64, default: 16 })
    expect(cloud).toMatchObject({ minItems: 1, maxItems: 2, items: { minimum: 0, maximum: 100 } })
    expect(level).toEqual({ type: 'string', enum: ['L1C', 'L2A'], default: 'L1C' })
    const items = document.paths['/stac/search']?.get?.parameters.find(({ name }) => name === 'limit')
    expect(items?.schema).toMatchObject({ minimum: 1, default: 10 })
  })
})
