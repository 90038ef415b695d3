import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startServer } from '../bench/processes.ts'
import { readConfig } from '../src/config.ts'
import { temporaryFolder } from './temporary.ts'

/*
 * No Docker and no gcloud here: the files are read as far as their form goes, and what the image would hold is put
 * together and started.
 */

const ROOT = resolve(import.meta.dirname, '..')
const textOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const linesOf = (name: string): string[] =>
  textOf(name)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))

type Instruction = { readonly word: string; readonly rest: string; readonly stage: number }

/** The Dockerfile, lines that go on put together. */
function instructions(): Instruction[] {
  let stage = -1
  return linesOf('Dockerfile')
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [word = '', ...rest] = line.split(' ')
      if (word === 'FROM') stage++
      return { word, rest: rest.join(' '), stage }
    })
}

const docker = instructions()
const last = Math.max(...docker.map(({ stage }) => stage))
const ofImage = (word: string): string[] =>
  docker.filter((one) => one.stage === last && one.word === word).map(({ rest }) => rest)

/** From the checkout into the image. */
const copied = ofImage('COPY')
  .filter((rest) => !rest.startsWith('--from'))
  .flatMap((rest) => rest.split(' ').slice(0, -1))

/** A value of app.yaml, whose lines are `name: value`; undefined where there is none. */
const yamlValue = (name: string): string | undefined =>
  new RegExp(`^ *${name}: *(.+)$`, 'm').exec(textOf('app.yaml'))?.[1]?.replaceAll(/^"|"$/g, '')

const flagsIn = (words: readonly string[]): string[] => words.filter((word) => word.startsWith('--'))
const started = z.array(z.string()).parse(JSON.parse(ofImage('CMD')[0] ?? '[]'))

describe('the Dockerfile', () => {
  test('makes the image from nothing but the packages of production and what the program is', () => {
    expect(last).toBe(1)
    expect(docker.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0])).toEqual([
      'node:24-slim',
      'node:24-slim',
    ])
    const install = docker.find(({ rest }) => rest.includes('npm ci'))
    expect(install?.stage).toBe(0)
    expect(install?.rest).toMatch(/--omit=dev --ignore-scripts.*rm -rf node_modules\/node /)
    for (const path of copied) expect(existsSync(join(ROOT, path)), path).toBe(true)
  })

  test('runs Node itself, as nobody in particular, and asks after its health', () => {
    expect(ofImage('USER')).toEqual(['1000:1000'])
    expect(started.slice(0, 1)).toEqual(['node'])
    expect(started.slice(-2)).toEqual(['src/main.ts', 'serve'])
    expect(ofImage('HEALTHCHECK')[0]).toMatch(/CMD \["node", "bin\/healthy\.js"\]$/)
  })

  test('sets an environment that swath takes', () => {
    const env = Object.fromEntries(
      ofImage('ENV')
        .join(' ')
        .split(/\s+/)
        .map((pair) => pair.split('=', 2)),
    )
    expect(readConfig(env)).toMatchObject({ host: '0.0.0.0', port: 8080, storeFile: '/data/store.sqlite' })
  })

  test('is sent what it copies and nothing else', () => {
    const [all, ...kept] = linesOf('.dockerignore')
    expect(all).toBe('*')
    const wanted = [...copied, 'package-lock.json', '.npmrc']
    expect(kept.map((line) => line.replace('!', '')).toSorted()).toEqual(wanted.toSorted())
  })
})

describe('app.yaml', () => {
  test('asks for the runtime, memory, warm-up and turns that swath needs', () => {
    expect(yamlValue('runtime')).toBe('nodejs24')
    expect(yamlValue('instance_class')).toMatch(/^F[24]/)
    expect(textOf('app.yaml')).toMatch(/^inbound_services:\n(?: +#.*\n)* +- warmup$/m)
    expect(Number(yamlValue('max_concurrent_requests'))).toBeGreaterThan(10)
    expect(yamlValue('secure')).toBe('always')
  })

  test('sets an environment that swath takes', () => {
    const [, block = ''] = /^env_variables:\n((?: .*\n)+)/m.exec(textOf('app.yaml')) ?? []
    const names = [...block.matchAll(/^ +([A-Z_]+):/gm)].map(([, name = '']) => name)
    const env = Object.fromEntries(names.map((name) => [name, yamlValue(name)]))
    expect(readConfig(env)).toMatchObject({
      host: '0.0.0.0',
      catalog: { kind: 'bucket' },
      storeFile: '/tmp/store.sqlite',
    })
  })

  test('leaves behind nothing that the program needs', () => {
    const left = linesOf('.gcloudignore').map((line) => line.replace(/\/$/, ''))
    const needed = [
      'package.json',
      'package-lock.json',
      'src',
      'queries',
      'sample',
      'workers',
      'tsconfig.json',
    ]
    expect(left.filter((name) => needed.includes(name))).toEqual([])
    expect(left).toContain('node_modules')
  })
})

test('the image, App Engine and npm start give Node the same flags', () => {
  const { scripts } = z
    .object({ scripts: z.object({ start: z.string() }) })
    .parse(JSON.parse(textOf('package.json')))
  expect(flagsIn((yamlValue('entrypoint') ?? '').split(' '))).toEqual(flagsIn(started))
  expect(flagsIn(started)).toEqual(expect.arrayContaining(flagsIn(scripts.start.split(' '))))
})

test('the table of variables names every one that is read, and none that is not', () => {
  const read = [...textOf('src/config.ts').matchAll(/^ {2}((?:SWATH_[A-Z0-9_]+|HOST|PORT)): /gm)].map(
    ([, name = '']) => name,
  )
  const [, table = ''] = /^## Configuration\n\n((?:\|.*\n)+)/m.exec(textOf('docs/operating.md')) ?? []
  const told = table
    .split('\n')
    .flatMap((row) => (row.split('|')[1] ?? '').match(/\b(SWATH_[A-Z0-9_]+|HOST|PORT)\b/g) ?? [])
  expect(read.length).toBeGreaterThan(15)
  expect(told.toSorted()).toEqual(read.toSorted())
})

const lockForm = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })),
})

/** What `npm ci --omit=dev` brings, by the lock file; but for Node, of which there is one already. */
async function copyPackages(to: string): Promise<void> {
  const { packages } = lockForm.parse(JSON.parse(textOf('package-lock.json')))
  const wanted = new Set(
    Object.keys(packages).filter((path) => packages[path]?.dev !== true && existsSync(join(ROOT, path))),
  )
  for (const path of wanted) {
    if (path === '' || /^node_modules\/node(-|$)/.test(path)) continue
    // Those that lie within another come with it only where they are wanted themselves.
    const filter = (from: string) =>
      !from.endsWith('.map') && (!/node_modules\/(@[^/]+\/)?[^/@]+$/.test(from) || isWanted(from))
    await mkdir(dirname(join(to, path)), { recursive: true })
    await cp(join(ROOT, path), join(to, path), { recursive: true, filter })
  }

  function isWanted(from: string): boolean {
    return wanted.has(from.slice(ROOT.length + 1))
  }
}

test('what the image holds starts without the packages of development and answers', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder()
  try {
    for (const path of copied) await cp(join(ROOT, path), join(folder.path, path), { recursive: true })
    await copyPackages(folder.path)
    expect(existsSync(join(folder.path, 'node_modules/hono'))).toBe(true)
    expect(existsSync(join(folder.path, 'node_modules/vitest'))).toBe(false)
    const env = { SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}`, PORT: '0' }
    const args = [...flagsIn(started), join(folder.path, 'src/main.ts'), 'serve']
    const server = await startServer(args, env)
    try {
      for (const path of [
        '/_ah/warmup',
        '/',
        '/docs',
        '/metrics',
        '/stac/search?limit=3',
        '/area?bbox=12,55,13,56&rank=green',
        '/granules/L1C_T33UUB_A017537_20200715T102602/preview.webp?width=64',
      ]) {
        const answer = await fetch(server.url + path)
        expect(answer.status, `${path}: ${await answer.text()}`).toBe(200)
      }
      const asked = { cwd: folder.path, env: { PORT: new URL(server.url).port } }
      await promisify(execFile)(process.execPath, ['bin/healthy.js'], asked)
      expect(server.complaints()).not.toMatch(/Error|Cannot find|is broken/)
    } finally {
      await server.stop()
    }
    await expect(
      promisify(execFile)(process.execPath, [join(folder.path, 'bin/healthy.js')], { env: { PORT: '1' } }),
    ).rejects.toMatchObject({ code: 1 })
  } finally {
    await folder.remove()
  }
})
