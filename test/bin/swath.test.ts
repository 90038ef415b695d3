import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Temporary, temporaryFolder } from '../temporary.ts'

const HOME = fileURLToPath(new URL('../..', import.meta.url))
const LAUNCHER = join(HOME, 'bin/swath.js')
const BBOX = ['area', '--bbox', '12.5,55.6,12.6,55.7', '--bands', 'TCI', '--format', 'uris']

/** The machine's Node where it is too old to strip types, as Debian's is. */
const old = olderNode()
function olderNode(): string | undefined {
  const told = spawnSync('/usr/bin/node', ['-p', 'process.features.typescript ? "strips" : "old"'])
  return String(told.stdout).trim() === 'old' ? '/usr/bin/node' : undefined
}

let folder: Temporary
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  folder = await temporaryFolder()
  env = { PATH: '/usr/bin:/bin', SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }
})
afterAll(() => folder.remove())

const nodes = [process.execPath, ...(old ? [old] : [])]
if (!old) console.info('/usr/bin/node is not older than what swath needs: tried under its own alone')

describe.for(nodes)('the launcher under %s', (node) => {
  const run = (argv: readonly string[], options: object = {}) =>
    spawnSync(node, [LAUNCHER, ...argv], { env, cwd: folder.path, encoding: 'utf8', ...options })

  test('answers from any folder, on stdout what is data and nothing more on stderr', () => {
    const { status, stdout, stderr } = run(BBOX)
    expect(stdout.trimEnd().split('\n').length).toBeGreaterThan(1)
    expect(stdout).toMatch(/^gs:\/\//)
    expect(stderr).toMatch(/^\d+ images of \d+ granules in [^\n]*\n$/)
    expect(status).toBe(0)
  })

  test('ends with the exit code of the program, and hands it its standard input', () => {
    expect(run(['area', '--bbox', '1,2,3']).status).toBe(2)
    const shape = '{"type":"Point","coordinates":[12.55,55.65]}'
    const { status, stdout } = run(['area', '--intersects', '@-', '--format', 'uris'], { input: shape })
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^gs:\/\//)])
    expect(run(['index', 'stats', '/nowhere.sqlite']).status).toBe(1)
  })

  test('is quiet where the reader leaves', () => {
    const line = `"${node}" "${LAUNCHER}" ${BBOX.join(' ')} | head -1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { env, encoding: 'utf8' })
    expect(stdout).toMatch(/^gs:\/\/\S+\n0\n$/)
    expect(stderr).not.toMatch(/EPIPE|Error/)
  })

  test.for(['SIGINT', 'SIGTERM'] as const)('passes %s on, and ends as the program does', async (signal) => {
    const child = spawn(node, [LAUNCHER, 'serve'], { env: { ...env, PORT: '0' }, cwd: folder.path })
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

test('the launcher says how to mend it where what it needs is not there', async () => {
  const bare = join(folder.path, 'bare')
  await mkdir(bare)
  for (const name of ['bin', 'src', 'package.json']) {
    await cp(join(HOME, name), join(bare, name), { recursive: true })
  }
  for (const node of nodes) {
    const { status, stdout, stderr } = spawnSync(node, [join(bare, 'bin/swath.js'), '--help'], {
      env,
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^swath: [^\n]*; run npm ci in [^\n]*bare, which brings what is missing\.\n$/)
  }
})

test('installed below node_modules, where Node strips no types, it says so and how to run; linked there it runs', async () => {
  const modules = join(folder.path, 'host/node_modules')
  const copy = join(modules, 'swath')
  for (const name of ['bin', 'src', 'package.json']) {
    await cp(join(HOME, name), join(copy, name), { recursive: true })
  }
  await symlink(HOME, join(modules, 'linked'))
  for (const node of nodes) {
    const help = (of: string) =>
      spawnSync(node, [join(modules, of, 'bin/swath.js'), '--help'], { env, encoding: 'utf8' })
    const { status, stdout, stderr } = help('swath')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^swath: it was installed below node_modules, in [^\n]*; take [^\n]*\n$/)
    expect([help('linked').status, help('linked').stdout]).toEqual([
      0,
      expect.stringContaining('Usage: swath'),
    ])
  }
})

test('package.json names it, and it may be run as it is, through a link too', async () => {
  const link = join(folder.path, 'swath')
  await symlink(LAUNCHER, link)
  const { bin } = JSON.parse(execFileSync('cat', [join(HOME, 'package.json')], { encoding: 'utf8' }))
  expect(bin).toEqual({ swath: 'bin/swath.js' })
  const help = spawnSync(link, ['--help'], { env: { ...env, PATH: process.env.PATH }, encoding: 'utf8' })
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('Usage: swath')])
})
