import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { readApiKeys } from '../../src/http/api-keys.ts'
import { clientOf, networkOf } from '../../src/http/client-of.ts'
import { temporaryFolder } from '../temporary.ts'

const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')

/** Who a request with these headers is, from a socket of 192.0.2.9. */
async function told(headers: Record<string, string>, trustedProxies: number, keys?: string) {
  const recognition = { trustedProxies, keys: keys === undefined ? undefined : readApiKeys(keys) }
  const app = new Hono().get('/', (c) => c.text(clientOf(c, recognition) ?? 'nobody'))
  const incoming = { socket: { remoteAddress: '192.0.2.9' } }
  const answer = await app.request('/', { headers }, { incoming })
  return answer.status === 200 ? answer.text() : answer.status
}

describe('the address', () => {
  test('is that of the socket, whatever the header says, where no proxy is trusted', async () => {
    expect(await told({ 'X-Forwarded-For': '198.51.100.1' }, 0)).toBe('192.0.2.9')
  })

  test('is what the outermost trusted proxy was called from, not what stands before it', async () => {
    const header = { 'X-Forwarded-For': '10.1.1.1, 198.51.100.1:4711, 203.0.113.7' }
    expect(await told(header, 1)).toBe('203.0.113.7')
    expect(await told(header, 2)).toBe('198.51.100.1')
    expect(await told(header, 9)).toBe('10.1.1.1')
  })

  test('is that of the socket where the header is none or nonsense', async () => {
    expect(await told({}, 1)).toBe('192.0.2.9')
    expect(await told({ 'X-Forwarded-For': 'unknown' }, 1)).toBe('192.0.2.9')
  })

  test.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s counts as %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('a key', () => {
  const keys = `alice=${hashOf('secret')},${hashOf('other')}`

  test('is a client of its own, by either header; that of its own goes first', async () => {
    expect(await told({ Authorization: 'Bearer secret' }, 0, keys)).toBe('key alice')
    expect(await told({ 'X-Api-Key': 'other' }, 0, keys)).toBe(`key ${hashOf('other').slice(0, 8)}`)
    expect(await told({ 'X-Api-Key': 'secret', Authorization: 'Bearer of-the-platform' }, 0, keys)).toBe(
      'key alice',
    )
  })

  test('that nobody has is refused, and none at all is an address', async () => {
    expect(await told({ 'X-Api-Key': 'wrong' }, 0, keys)).toBe(401)
    expect(await told({}, 0, keys)).toBe('192.0.2.9')
  })

  test('is not looked at where no keys are configured', async () => {
    expect(await told({ Authorization: 'Bearer secret' }, 0)).toBe('192.0.2.9')
  })

  test('may stand in a file, with remarks; a file or an entry that is none stops the start', async () => {
    const folder = await temporaryFolder()
    try {
      const file = join(folder.path, 'keys')
      await writeFile(file, `# people\nalice=${hashOf('secret')}\n\n`)
      expect(await told({ 'X-Api-Key': 'secret' }, 0, `file:${file}`)).toBe('key alice')
      expect(() => readApiKeys(`file:${file}.not`)).toThrow(/cannot be read.*ENOENT/)
      expect(() => readApiKeys(`${hashOf('a')},secret`)).toThrow(/^Entry 2 of SWATH_API_KEYS is none/)
      await writeFile(file, '# nobody\n')
      expect(() => readApiKeys(`file:${file}`)).toThrow(/names no key/)
    } finally {
      await folder.remove()
    }
  })
})
