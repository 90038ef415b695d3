import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { folderStorage } from '../../src/storage/folder.ts'
import { allNames, failsWith, storageContract } from '../contracts/storage.ts'

const made: string[] = []

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swath-folder-'))
  made.push(folder)
  return folder
}

async function fill(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [key, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, key)), { recursive: true })
    await writeFile(join(folder, key), content)
  }
}

afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true })
})

storageContract('the folder storage', async (files) => {
  const folder = await mkdtemp(join(tmpdir(), 'swath-folder-contract-'))
  await fill(folder, files)
  return { storage: folderStorage({ folder }), close: () => rm(folder, { recursive: true }) }
})

test('the bucket is the public one unless another is named', () => {
  expect(folderStorage({ folder: '.' }).bucket).toBe('gcp-public-data-sentinel-2')
  expect(folderStorage({ folder: '.', bucket: 'mine' }).bucket).toBe('mine')
})

test('links are followed inside the folder and lead nowhere outside of it', async () => {
  const outside = await temporary()
  await fill(outside, {
    'secret.txt': 'secret',
    'bucket/tiles/real.jp2': 'image',
    'bucket-twin/near.txt': 'near',
  })
  const folder = join(outside, 'bucket')
  await symlink(join(outside, 'secret.txt'), join(folder, 'secret.txt'))
  await symlink('../..', join(folder, 'tiles/up'))
  await symlink(join(outside, 'bucket-twin'), join(folder, 'twin'))
  await symlink('/', join(folder, 'root'))
  await symlink('nowhere', join(folder, 'broken'))
  await symlink('round', join(folder, 'round'))
  await symlink('tiles/real.jp2', join(folder, 'alias.jp2'))
  await symlink('tiles', join(folder, 'tiles-too'))
  const storage = folderStorage({ folder })

  expect(await allNames(storage, '')).toEqual(['alias.jp2', 'tiles-too/real.jp2', 'tiles/real.jp2'])
  expect(await allNames(storage, '', { delimiter: '/' })).toEqual(['alias.jp2', 'tiles-too/', 'tiles/'])
  const range = { first: 0, last: 99 }
  expect(Buffer.from(await storage.read('tiles-too/real.jp2', range)).toString()).toBe('image')
  for (const key of [
    'secret.txt',
    'tiles/up/secret.txt',
    'twin/near.txt',
    'root/etc/passwd',
    'broken',
    'round',
  ]) {
    await failsWith('not-found', () => storage.read(key, range))
    expect(await allNames(storage, key)).toEqual([])
  }
  for (const prefix of ['tiles/up/', 'twin/', 'twin/n', 'root/', 'root/etc/', 'round/']) {
    expect(await allNames(storage, prefix)).toEqual([])
    expect(await allNames(storage, prefix, { delimiter: '/' })).toEqual([])
  }
})

test('links that lead round in circles end', async () => {
  const folder = await temporary()
  await fill(folder, { 'a/x': 'x', 'b/y': 'y' })
  await symlink('..', join(folder, 'a/up'))
  await symlink('../b', join(folder, 'a/to-b'))
  await symlink('../a', join(folder, 'b/to-a'))
  const names = await allNames(folderStorage({ folder }), '')
  expect(names).toEqual(expect.arrayContaining(['a/x', 'b/y', 'a/to-b/y', 'b/to-a/x']))
  expect(names.length).toBeLessThan(20)
})

test('a folder without a file in it is no entry, as in a bucket', async () => {
  const folder = await temporary()
  await fill(folder, { 'full/deep/er/file': 'x' })
  await mkdir(join(folder, 'hollow/deep/er'), { recursive: true })
  expect(await allNames(folderStorage({ folder }), '', { delimiter: '/' })).toEqual(['full/'])
})

test('a pipe is neither listed nor opened', async () => {
  const folder = await temporary()
  await fill(folder, { file: 'x' })
  const { execFileSync } = await import('node:child_process')
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const storage = folderStorage({ folder })
  expect(await allNames(storage, '')).toEqual(['file'])
  await failsWith('not-found', () => storage.read('pipe', { first: 0, last: 9 }))
})

test('only what the prefix and the offsets leave is opened', async () => {
  const folder = await temporary()
  await fill(folder, { 'tiles/33/a': 'a', 'tiles/34/b': 'b', 'tiles/35/c': 'c' })
  // A link back to the folder above would add to every list that opened these.
  await symlink('../..', join(folder, 'tiles/34/again'))
  await symlink('../..', join(folder, 'tiles/35/again'))
  const storage = folderStorage({ folder })
  expect(await allNames(storage, 'tiles/33/')).toEqual(['tiles/33/a'])
  expect(await allNames(storage, 'tiles/3', { endOffset: 'tiles/34' })).toEqual(['tiles/33/a'])
  expect(await allNames(storage, '', { startOffset: 'tiles/35/b', endOffset: 'tiles/35/d' })).toEqual([
    'tiles/35/c',
  ])
})

test('a folder that is not there, or is a file, is named with what to do', async () => {
  const folder = await temporary()
  await fill(folder, { file: 'x' })
  for (const wrong of [join(folder, 'nowhere'), join(folder, 'file'), join(folder, 'file/below')]) {
    const storage = folderStorage({ folder: wrong })
    for (const use of [() => allNames(storage, 'tiles/'), () => storage.read('x', { first: 0, last: 1 })]) {
      const fault = await failsWith('misconfigured', use)
      expect(fault.message).toContain(wrong)
      expect(fault.message).toContain('SWATH_STORAGE')
    }
  }
})

test('a folder that may not be read is named, and no short list comes of it', async (context) => {
  if (process.getuid?.() === 0) {
    console.log('Not run: the superuser may read every folder.')
    return context.skip()
  }
  const folder = await temporary()
  await fill(folder, { 'a/x': 'x', 'b/y': 'y' })
  const storage = folderStorage({ folder })
  await chmod(join(folder, 'b'), 0)
  expect((await failsWith('misconfigured', () => allNames(storage, ''))).message).toContain(join(folder, 'b'))
  await chmod(folder, 0)
  expect((await failsWith('misconfigured', () => allNames(storage, ''))).message).toContain(folder)
  await chmod(folder, 0o700)
  await chmod(join(folder, 'b'), 0o700)
})

test('a range too long for one read is refused, and the process goes on', async () => {
  const folder = await temporary()
  await fill(folder, { hollow: 'x' })
  await truncate(join(folder, 'hollow'), 2 ** 32 + 5)
  const storage = folderStorage({ folder })
  const fault = await failsWith('bad-request', () => storage.read('hollow', { first: 1, last: 2 ** 32 }))
  expect(fault.message).toContain('ask for at most 1073741824 at once')
  expect(await storage.read('hollow', { first: 2 ** 32, last: 2 ** 32 + 9 })).toHaveLength(5)
})
