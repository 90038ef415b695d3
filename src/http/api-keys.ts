import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Fault, messageOf } from '../errors.ts'

/** Names of the clients by the SHA-256 of their keys, in lower-case hexadecimal. */
export type ApiKeys = ReadonlyMap<string, string>

const ENTRY = /^(?:([\w.@-]+)=)?([0-9a-f]{64})$/i

/**
 * Reads SWATH_API_KEYS: `file:<path>` with an entry a line, or entries with commas between them. An entry is
 * `[name=]<SHA-256 of the key, 64 hexadecimal digits>`; empty lines and those that begin with # are none.
 * @throws {Fault} misconfigured where the file cannot be read or an entry is none; it never quotes one
 */
export function readApiKeys(setting: string): ApiKeys {
  const entries = entriesOf(setting)
  const keys = entries.map((entry, i): [string, string] => {
    const [, name, hash] = ENTRY.exec(entry) ?? []
    if (hash === undefined) throw noEntry(i + 1)
    return [hash.toLowerCase(), name ?? hash.slice(0, 8).toLowerCase()]
  })
  if (keys.length === 0) throw new Fault('misconfigured', 'SWATH_API_KEYS names no key; take it away.')
  return new Map(keys)
}

/** The client of a key; undefined where nobody has it. */
export const clientOfKey = (keys: ApiKeys, key: string): string | undefined =>
  keys.get(createHash('sha256').update(key).digest('hex'))

function entriesOf(setting: string): string[] {
  if (!setting.startsWith('file:')) return setting.split(',').map((entry) => entry.trim())
  const file = setting.slice('file:'.length)
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  } catch (thrown) {
    const sentence = `The file of SWATH_API_KEYS cannot be read: ${messageOf(thrown)}.`
    throw new Fault('misconfigured', sentence, { cause: thrown })
  }
}

const noEntry = (number: number) =>
  new Fault(
    'misconfigured',
    `Entry ${number} of SWATH_API_KEYS is none: an entry is [name=]<SHA-256 of the key in hexadecimal>, as ` +
      '`printf %s "$KEY" | sha256sum` gives it.',
  )
