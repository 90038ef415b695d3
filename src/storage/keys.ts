/*
 * Keys as Cloud Storage orders and cuts them: by the bytes of their UTF-8, and at the delimiter.
 */

/** Orders keys by their UTF-8 bytes, which is the order of their code points. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others, though their own numbers are lower than some. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)

/**
 * An offset of a list with a delimiter, so that it never lies inside a folder. Cloud Storage compares
 * offsets with the objects' names, the port with the folder's: an offset inside a folder becomes the end
 * of that folder, which gives the same entries under both readings.
 */
export function offsetPastFolder(offset: string, prefix: string): string {
  if (!offset.startsWith(prefix)) return offset
  const slash = offset.indexOf('/', prefix.length)
  return slash === -1 || slash === offset.length - 1 ? offset : `${offset.slice(0, slash)}${AFTER_SLASH}`
}

/** `0` is the character after `/`: a folder's keys all sort before its name with this in the slash's place. */
const AFTER_SLASH = '0'

const MAX_KEY_BYTES = 1024
const NEVER_IN_KEYS = /[\0\r\n]/

/** False for what no object's name starts with: ill-formed text, line ends, more than 1024 bytes of UTF-8. */
export const canStartKey = (text: string): boolean =>
  text.isWellFormed() && !NEVER_IN_KEYS.test(text) && Buffer.byteLength(text) <= MAX_KEY_BYTES

/** False for what is no object's name: as canStartKey, and the empty name, `.` and `..`. */
export const canBeKey = (text: string): boolean =>
  text !== '' && text !== '.' && text !== '..' && canStartKey(text)
