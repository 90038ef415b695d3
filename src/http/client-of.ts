import { isIP } from 'node:net'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type ApiKeys, clientOfKey } from './api-keys.ts'

export type Recognition = {
  /** Undefined: keys are not looked at. */
  readonly keys: ApiKeys | undefined
  /** Proxies in front that each add the address they were called from to X-Forwarded-For; 0: it is not believed. */
  readonly trustedProxies: number
}

/**
 * Whose request this is: that of a key, else of an address; undefined where there is no socket to tell.
 * @throws {HTTPException} 401 where the key is nobody's
 */
export function clientOf(c: Context, { keys, trustedProxies }: Recognition): string | undefined {
  const key = keys && givenKey(c)
  if (keys && key !== undefined) {
    const client = clientOfKey(keys, key)
    if (client === undefined) {
      // RFC 9110, 15.5.2.
      c.header('WWW-Authenticate', 'Bearer')
      throw unknownKey()
    }
    return `key ${client}`
  }
  const address = forwardedAddress(c.req.header('X-Forwarded-For'), trustedProxies) ?? socketAddress(c)
  return address && networkOf(address)
}

/** A key of its own header goes before a Bearer token, which a platform in front may need for itself. */
function givenKey(c: Context): string | undefined {
  const own = c.req.header('X-Api-Key')
  return own ?? /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
}

const unknownKey = () =>
  new HTTPException(401, {
    message:
      'The key in X-Api-Key or Authorization: Bearer is nobody’s here; correct it, or ask without one.',
  })

/** What the outermost trusted proxy was called from; what stands before it anybody may have written. */
function forwardedAddress(header: string | undefined, hops: number): string | undefined {
  if (hops === 0 || header === undefined) return undefined
  const addresses = header.split(',').map((address) => bare(address.trim()))
  const address = addresses[Math.max(0, addresses.length - hops)] ?? ''
  return isIP(address) === 0 ? undefined : address
}

/** Without port and brackets. */
const bare = (address: string): string =>
  /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address

/** There is no socket where a test hands a request over itself. */
const socketAddress = (c: Context): string | undefined => c.env?.incoming?.socket?.remoteAddress

/** Who has one address of IPv6 has all of its network (RFC 6177): the first 64 bits. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%')
  const mapped = /^::ffff:([\d.]+)$/i.exec(plain)?.[1]
  if (mapped !== undefined) return mapped
  if (isIP(plain) !== 6) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...after]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
