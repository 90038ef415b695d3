import { execFile } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sample, serveSample } from './browser/explorer-page.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

/*
 * The examples are run against the embedded sample as they stand, where their tools are; where not, they are at
 * least read, and a line says what did not run.
 */

const run = promisify(execFile)
const example = (name: string): string => join(import.meta.dirname, '..', 'examples', name)

let sample: Sample
let folder: Temporary
beforeAll(async () => {
  sample = await serveSample()
  folder = await temporaryFolder()
})
afterAll(async () => {
  await sample.close()
  await folder.remove()
})

const JULY = 'S2B_MSIL1C_20200715T102559_N0209_R065_T33UUB_20200715T124358'
const GS_URI = /gs:\/\/gcp-public-data-sentinel-2\/tiles\/\S+_TCI\.jp2/g

/** Whether a command ends well, and what it printed. */
const succeeds = (command: string, args: readonly string[]): Promise<boolean> =>
  run(command, [...args]).then(
    () => true,
    () => false,
  )

function notRun(name: string, tool: string): void {
  console.log(`Not run: examples/${name}, since ${tool} is not there.`)
}

test('TypeScript: the typed client follows pages to the end', async () => {
  const { stdout } = await run(process.execPath, [example('area.ts'), sample.url])
  const uris = stdout.match(GS_URI) ?? []
  expect(new Set(uris).size).toBe(uris.length)
  expect(uris.length).toBeGreaterThan(4)
  expect(stdout).toContain(JULY)
})

test('Python: requests reads lines and follows pages', async () => {
  if (!(await succeeds('python3', ['-c', 'import requests']))) return notRun('area.py', 'requests')
  const { stdout } = await run('python3', [example('area.py'), sample.url])
  expect(stdout.match(GS_URI)?.length).toBeGreaterThan(4)
  expect(stdout).toMatch(/#[0-9a-f]{6} 0\.\d+ gs:/)
})

test('Python: pystac-client searches', async () => {
  if (!(await succeeds('python3', ['-c', 'import pystac_client']))) notRun('stac.py', 'pystac-client')
  else expect((await run('python3', [example('stac.py'), sample.url])).stdout).toContain(JULY)
})

test('Python: both examples can be read', async () => {
  if (!(await succeeds('python3', ['--version']))) return notRun('*.py', 'python3')
  const code = 'import ast, sys; [ast.parse(open(path).read()) for path in sys.argv[1:]]'
  await run('python3', ['-c', code, example('area.py'), example('stac.py')])
})

test('R: rstac searches', async () => {
  if (!(await succeeds('Rscript', ['-e', 'library(rstac)']))) return notRun('stac.R', 'rstac')
  expect((await run('Rscript', [example('stac.R'), sample.url])).stdout).toContain(JULY)
})

test('what the STAC examples ask is answered, as their clients ask it', async () => {
  const response = await fetch(`${sample.url}/stac/search`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      collections: ['sentinel-2-l1c'],
      bbox: [11.8, 54.9, 14, 56],
      datetime: '2020-07-01T00:00:00Z/2020-07-31T23:59:59Z',
      filter: { op: '<', args: [{ property: 'eo:cloud_cover' }, 20] },
      'filter-lang': 'cql2-json',
      sortby: [{ field: 'eo:cloud_cover', direction: 'asc' }],
    }),
  })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ features: [{ id: JULY, assets: { visual: {} } }] })
})

test('shell: curl hands the addresses to gsutil', async () => {
  if (!(await succeeds('curl', ['--version']))) return notRun('area.sh', 'curl')
  // In place of gsutil: what it is given, and what comes to it.
  const stand = join(folder.path, 'gsutil')
  await writeFile(stand, '#!/bin/sh\necho "$@"\ncat\n')
  await chmod(stand, 0o755)
  const env = { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH}` }
  const { stdout } = await run('sh', [example('area.sh'), sample.url], { env })
  const [given, ...uris] = stdout.trim().split('\n')
  expect(given).toBe('-m cp -I .')
  expect(uris).toEqual([expect.stringContaining(JULY)])
  await expect(run('sh', [example('area.sh'), `${sample.url}/nowhere`], { env })).resolves.toMatchObject({
    stderr: expect.stringContaining('404'),
  })
})

test('the examples name the address that the service has by itself', async () => {
  for (const name of ['area.ts', 'area.py', 'stac.py', 'stac.R', 'area.sh']) {
    expect(await readFile(example(name), 'utf8')).toContain('http://127.0.0.1:8080')
  }
})
