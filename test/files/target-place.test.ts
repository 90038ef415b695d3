import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { moveToTarget, openTargetPlace, whyUnwritable } from '../../src/files/target-place.ts'
import { type Temporary, temporaryFolder } from '../temporary.ts'

let folder: Temporary
const at = (name: string) => join(folder.path, name)
const names = async () => (await readdir(folder.path)).sort()
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

describe('a place', () => {
  test('names its purpose and its process, and goes without a trace', async () => {
    const place = await openTargetPlace(at('a.csv'), 'making')
    expect(place).toMatchObject({ to: at('a.csv'), folder: at((await names())[0] ?? '') })
    expect(await names()).toEqual([expect.stringMatching(`^\\.a\\.csv\\.making-${process.pid}-`)])
    await place.remove()
    expect(await names()).toEqual([])
  })

  test('sweeps away what the dead left behind, and neither the living nor another purpose or target', async () => {
    const [dead, reused] = ['.a.csv.making-999999999-x', `.a.csv.making-${process.pid}-x`]
    const others = ['.a.csv.making-1-x', '.a.csv.doing-999999999-x', '.b.csv.making-999999999-x']
    for (const name of [dead, reused, ...others]) await mkdir(at(name))
    const mine = await openTargetPlace(at('a.csv'), 'making')
    const second = await openTargetPlace(at('a.csv'), 'making')
    for (const name of others) expect(await names()).toContain(name)
    expect((await names()).length).toBe(5)
    await mine.remove()
    await second.remove()
    expect(await names()).toEqual(others.sort())
  })

  test('is refused while a rival is at work on the same target, and sweeps what a dead one left', async () => {
    await mkdir(at('.a.csv.doing-999999999-x'))
    await mkdir(at(`.a.csv.doing-${process.pid}-x`))
    await (await openTargetPlace(at('a.csv'), 'making', 'doing')).remove()
    expect(await names()).toEqual([])
    await mkdir(at('.a.csv.doing-1-x'))
    await expect(openTargetPlace(at('a.csv'), 'making', 'doing')).rejects.toThrow(
      `Process 1 is doing ${at('a.csv')}; wait for its end. If that process has nothing to do with it, remove `,
    )
    await (await openTargetPlace(at('b.csv'), 'making', 'doing')).remove()
    const mine = await openTargetPlace(at('b.csv'), 'doing', 'making')
    await expect(openTargetPlace(at('b.csv'), 'making', 'doing')).rejects.toMatchObject({
      code: 'upstream-busy',
    })
    await mine.remove()
    expect(await names()).toEqual(['.a.csv.doing-1-x'])
  })

  test('follows a link, so that what moves there replaces the file and not the link', async () => {
    await mkdir(at('real'))
    await writeFile(at('real/a.csv'), 'old')
    await symlink(at('real/a.csv'), at('link.csv'))
    const place = await openTargetPlace(at('link.csv'), 'making')
    await writeFile(join(place.folder, 'draft'), 'new')
    await moveToTarget(join(place.folder, 'draft'), place.to)
    await place.remove()
    expect(await readFile(at('real/a.csv'), 'utf8')).toBe('new')
    expect(await readdir(at('real'))).toEqual(['a.csv'])
  })
})

describe('why a target cannot be written', () => {
  const whyOf = async (target: string): Promise<string> => {
    const thrown = await openTargetPlace(target, 'making').catch((cause: unknown) => cause)
    expect(thrown).toBeInstanceOf(Error)
    return whyUnwritable(target, thrown)
  }

  test('names a folder that is not there, is none, or takes no files', async () => {
    await writeFile(at('file'), '')
    expect(await whyOf(at('none/a.csv'))).toBe(`the folder ${at('none')} is not there`)
    expect(await whyOf(at('file/a.csv'))).toBe(`${at('file')} is not a folder`)
    expect(await whyOf('/proc/a.csv')).toBe('no file can be made in the folder /proc')
    expect(await whyOf(at('a'.repeat(250)))).toBe('its name is too long')
  })

  test('names a folder that may not be written to', async () => {
    await chmod(folder.path, 0o555)
    const told = process.getuid?.() === 0 ? undefined : await whyOf(at('a.csv'))
    await chmod(folder.path, 0o755)
    if (told === undefined) console.info('read-only folder: root may write everywhere, a made error is told')
    const denied = Object.assign(new Error('EACCES: mkdtemp'), { code: 'EACCES' })
    expect(told ?? whyUnwritable(at('a.csv'), denied)).toBe(`the folder ${folder.path} may not be written to`)
  })

  test('is the message of anything else', () => {
    expect(whyUnwritable(at('a.csv'), new Error('it is no file'))).toBe('it is no file')
  })
})
