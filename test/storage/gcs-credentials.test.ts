import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { gcsStorage } from '../../src/storage/gcs.ts'
import { allNames, failsWith } from '../contracts/storage.ts'
import { startStorageServer } from '../stand-ins/storage-server.ts'

const endpoint = 'http://storage.test'
const google = setupServer()
let folder = ''

beforeAll(async () => {
  google.listen({ onUnhandledFrame: 'error' })
  folder = await mkdtemp(join(tmpdir(), 'swath-credentials-'))
})
afterEach(() => {
  google.resetHandlers()
  vi.unstubAllEnvs()
})
afterAll(async () => {
  google.close()
  await rm(folder, { recursive: true })
})

/** Credentials such as `gcloud auth application-default login` leaves. */
async function logIn(): Promise<void> {
  const file = join(folder, 'user.json')
  const user = { type: 'authorized_user', client_id: 'id', client_secret: 'secret', refresh_token: 'refresh' }
  await writeFile(file, JSON.stringify(user))
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
}

const open = (project?: string) =>
  gcsStorage({
    bucket: 'private',
    endpoint,
    anonymous: false,
    deadlineMs: 3000,
    ...(project === undefined ? {} : { project }),
  })

test('the default credentials go with every call, from one token', async () => {
  await logIn()
  const tokens: number[] = []
  const seen: (string | null)[] = []
  google.use(
    http.post('https://oauth2.googleapis.com/token', () => {
      tokens.push(1)
      return HttpResponse.json({ access_token: 'the-token', expires_in: 3600, token_type: 'Bearer' })
    }),
    http.get(`${endpoint}/*`, ({ request }) => {
      seen.push(request.headers.get('authorization'))
      if (request.headers.get('range') === null)
        return HttpResponse.json({ kind: 'storage#objects', items: [{ name: 'a/1', size: '3' }] })
      return new HttpResponse('abc', { status: 206, headers: { 'content-range': 'bytes 0-2/3' } })
    }),
  )
  const storage = open()
  expect(await allNames(storage, 'a/')).toEqual(['a/1'])
  expect(Buffer.from(await storage.read('a/1', { first: 0, last: 99 })).toString()).toBe('abc')
  expect(seen).toEqual(['Bearer the-token', 'Bearer the-token'])
  expect(tokens).toHaveLength(1)
})

test('credentials that cannot be had are told with the way out', async () => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(folder, 'nowhere.json'))
  const { message } = await failsWith('upstream-failed', () => allNames(open('my-project'), 'a/'))
  expect(message).toContain('no credentials could be had')
  expect(message).toContain('SWATH_ANONYMOUS=true')
  expect(message).toContain('gcloud auth application-default login')
})

test('a login that has run out is told with the way out', async () => {
  await logIn()
  google.use(
    http.post('https://oauth2.googleapis.com/token', () =>
      HttpResponse.json(
        { error: 'invalid_grant', error_description: 'Token has been revoked.' },
        { status: 400 },
      ),
    ),
  )
  const { message } = await failsWith('upstream-failed', () => open().read('a/1', { first: 0, last: 9 }))
  expect(message).toContain('invalid_grant')
  expect(message).toContain('gcloud auth application-default login')
})

test('a login server that hangs is given up at the deadline', async () => {
  await logIn()
  google.use(http.post('https://oauth2.googleapis.com/token', () => new Promise<never>(() => undefined)))
  const storage = gcsStorage({ bucket: 'private', endpoint, anonymous: false, deadlineMs: 300 })
  await failsWith('upstream-late', () => allNames(storage, 'a/'))
})

test('an answer of another shape, or for another range, is no answer', async () => {
  const anonymous = gcsStorage({ bucket: 'b', endpoint, anonymous: true, deadlineMs: 3000 })
  for (const body of [
    [],
    'text',
    7,
    null,
    { error: { code: 500 } },
    { kind: 'storage#objects', items: [{ name: 'a' }] },
    { kind: 'storage#objects', items: [{ name: 'a', size: -1 }] },
    { kind: 'storage#objects', items: [{ name: 'b', size: '3' }] },
    { kind: 'storage#objects', prefixes: ['b/'] },
  ]) {
    google.use(http.get(`${endpoint}/*`, () => HttpResponse.json(body)))
    await failsWith('upstream-failed', () => allNames(anonymous, 'a'))
  }
  for (const range of ['bytes 1-3/9', 'bytes 0-1/9', 'bytes 0-8/9', 'bytes */9', 'nonsense', '']) {
    const headers = { 'content-range': range }
    google.use(http.get(`${endpoint}/*`, () => new HttpResponse('abc', { status: 206, headers })))
    await failsWith('upstream-failed', () => anonymous.read('a', { first: 0, last: 2 }))
  }
  const headers = { 'content-range': 'bytes 0-2/9' }
  for (const body of ['abcdef', 'ab', '']) {
    google.use(http.get(`${endpoint}/*`, () => new HttpResponse(body, { status: 206, headers })))
    await failsWith('upstream-failed', () => anonymous.read('a', { first: 0, last: 2 }))
  }
})

test('an anonymous storage loads nothing of the official client', async () => {
  const server = await startStorageServer({ objects: [['a/1', 3]] })
  try {
    const gcs = pathToFileURL(join(import.meta.dirname, '../../src/storage/gcs.ts')).href
    const script = `
      import { createRequire } from 'node:module'
      const { gcsStorage } = await import(${JSON.stringify(gcs)})
      const storage = (anonymous) =>
        gcsStorage({ bucket: 'gcp-public-data-sentinel-2', endpoint: '${server.url}', anonymous, deadlineMs: 3000 })
      const loaded = () =>
        Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('google-auth-library')).length
      const entries = (await Array.fromAsync(storage(true).list('a/'))).flat().length
      const before = loaded()
      await Array.fromAsync(storage(false).list('a/')).catch(() => undefined)
      console.log(JSON.stringify({ entries, before, after: loaded() > 0 }))`
    const env = { ...process.env, GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'nowhere.json') }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env,
    })
    expect(JSON.parse(stdout)).toEqual({ entries: 1, before: 0, after: true })
  } finally {
    await server.close()
  }
})
