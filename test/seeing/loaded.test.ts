import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Temporary, temporaryFolder } from '../temporary.ts'

/* What a house loads, as Node's own hooks see it in a process of its own. */

const ROOT = resolve(import.meta.dirname, '../..')
const PROGRAM = `
  import { registerHooks } from 'node:module'
  const loaded = new Set()
  registerHooks({
    load: (url, context, next) => {
      loaded.add(url)
      return next(url, context)
    },
  })
  const { readConfig } = await import('${ROOT}/src/config.ts')
  const { openHouse } = await import('${ROOT}/src/wire.ts')
  const { createApp } = await import('${ROOT}/src/http/app.ts')
  const house = await openHouse(readConfig(process.env))
  await (await createApp(house).request('/healthz')).text()
  await house.seeing.metrics()
  await house.close()
  process.stdout.write([...loaded].join('\\n'), () => process.exit(0))
`

let folder: Temporary
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

async function packagesOf(env: Readonly<Record<string, string>>): Promise<Set<string>> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`, ...env },
  })
  return new Set(
    [...stdout.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w.-]+)\//g)].map(([, name = '']) => name),
  )
}
const tracing = (packages: ReadonlySet<string>) =>
  [...packages].filter((name) => name.startsWith('@opentelemetry/'))

test('without a collector nothing of OpenTelemetry is loaded, and without JSON no pino', async () => {
  const packages = await packagesOf({})
  expect(packages).toContain('prom-client')
  expect(tracing(packages)).toEqual([])
  expect(packages).not.toContain('pino')
})

test('with one it is, and pino where lines are JSON', async () => {
  const packages = await packagesOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', K_SERVICE: 'swath' })
  expect(tracing(packages)).toContain('@opentelemetry/sdk-trace')
  expect(packages).toContain('pino')
})
