import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import { openHouse } from '../src/wire.ts'
import { serveHouse } from './serve.ts'
import { temporaryFolder } from './temporary.ts'

/*
 * README and docs/ are run: every block of ```console holds commands, each behind a `$ `, and what they print, on
 * the embedded sample and in order, a page at a time. `…` stands for anything in a line, a line of it for any
 * lines. What needs a network, an account or a tool of others stands in blocks of ```sh, which are not run.
 */

const run = promisify(execFile)
const ROOT = resolve(import.meta.dirname, '..')
const PAGES = ['README.md', 'ARCHITECTURE.md', ...globSync('docs/*.md', { cwd: ROOT }).sort()]
/** What a page writes where the service of the test answers elsewhere. */
const SERVICE = 'http://127.0.0.1:8080'
/** Tools that not every machine has; what asks for one that is absent is not run, and a line says so. */
const TOOLS = ['curl', 'ogrinfo', 'gdalinfo', 'python3']

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8')

type Step = { readonly command: string; readonly output: readonly string[] }

/** The commands of a page in order; a backslash at the end of a line goes on with the next. */
function stepsOf(page: string): Step[] {
  const steps: { command: string; output: string[] }[] = []
  for (const [, block = ''] of textOf(page).matchAll(/^```console\n(.*?)^```$/gms)) {
    const lines = block.replace(/\\\n/g, '').trimEnd().split('\n')
    for (const line of lines) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] })
      else steps.at(-1)?.output.push(line)
    }
  }
  return steps.map(({ command, output }) => ({ command, output: withoutEnd(output) }))
}

const withoutEnd = (lines: readonly string[]): string[] => lines.join('\n').trimEnd().split('\n')

/** A pattern of what is written: `…` for anything in a line, a line of it for any lines. */
function patternOf(output: readonly string[]): RegExp {
  const lines = output.map((line) =>
    line === '…' ? '[^]*' : line.split('…').map(RegExp.escape).join('[^\\n]*'),
  )
  return new RegExp(`^${lines.join('\\n')}\\s*$`)
}

const missing = (
  await Promise.all(
    TOOLS.map((tool) =>
      run('sh', ['-c', `command -v ${tool}`]).then(
        () => [],
        () => [tool],
      ),
    ),
  )
).flat()

describe('what the pages show is what the commands print', () => {
  for (const page of PAGES.filter((name) => stepsOf(name).length > 0)) {
    test(page, { timeout: 180_000 }, async () => {
      const folder = await temporaryFolder()
      const shims = join(folder.path, 'shims')
      const work = join(folder.path, 'work')
      await mkdir(shims)
      await mkdir(work)
      await symlink(join(ROOT, 'sample'), join(work, 'sample'))
      await symlink(join(ROOT, 'examples'), join(work, 'examples'))
      // npx asks the registry where it finds no package; here it is the program itself.
      const program = join(ROOT, 'bin/swath.js')
      await writeFile(join(shims, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${program}' "$@"\n`)
      await chmod(join(shims, 'npx'), 0o755)
      await writeFile(join(shims, '.curlrc'), 'silent\nshow-error\n')
      const house = await openHouse(
        readConfig({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }),
      )
      const served = await serveHouse(house)
      try {
        for (const { command, output } of stepsOf(page)) {
          const tool = missing.find((name) => new RegExp(`\\b${name}\\b`).test(command))
          if (tool) {
            console.log(`Not run: ${command} of ${page}, since ${tool} is not there.`)
            continue
          }
          const env = {
            PATH: [shims, dirname(process.execPath), process.env.PATH].join(delimiter),
            HOME: shims,
            LC_ALL: 'C.UTF-8',
          }
          const line = `{ ${command.replaceAll(SERVICE, served.url)}\n} 2>&1`
          const { stdout } = await run('bash', ['-c', line], { cwd: work, env, timeout: 60_000 }).catch(
            (failed: { stdout?: string; message: string }) => ({
              stdout: `${failed.stdout ?? ''}`,
            }),
          )
          const told = stdout.replaceAll('\r', '').replaceAll(served.url, SERVICE)
          // Where they differ, the two texts are shown beside each other.
          if (!patternOf(output).test(told))
            expect(told.trimEnd(), `${page}: ${command}`).toBe(output.join('\n'))
        }
      } finally {
        served.stop()
        await house.close()
        await folder.remove()
      }
    })
  }
})

describe('links', () => {
  for (const page of PAGES) {
    test(`${page} leads to what is there`, () => {
      const text = textOf(page)
      const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
        ([, inline, inHtml]) => inline ?? inHtml ?? '',
      )
      const lost = links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link))
      expect(lost).toEqual([])
    })
  }

  test('every picture of docs/images is shown somewhere', () => {
    const shown = PAGES.map(textOf).join('\n')
    const unseen = globSync('docs/images/*', { cwd: ROOT }).filter(
      (file) => !shown.includes(file.slice('docs/'.length)),
    )
    expect(unseen).toEqual([])
  })
})

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const target = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path)
  if (!existsSync(target)) return false
  if (heading === undefined) return true
  return headingsOf(readFileSync(target, 'utf8')).includes(heading)
}

/** The anchors that GitHub gives headings. */
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )

test('the README is short', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(151)
})
