/**
 * Points in time as whole microseconds since 1970-01-01T00:00:00Z (UTC, no leap seconds): the archive's
 * sensing times carry microseconds, which a Date would cut off. Safe as a number until the year 2255.
 */
export type Micros = number

const MICROS_PER_MS = 1000
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/
const COMPACT = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})$/

/** Reads an RFC 3339 time with its zone; digits past microseconds are cut. Undefined where it is none. */
export function parseTime(text: string): Micros | undefined {
  const m = RFC3339.exec(text)
  if (!m) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = m
  const whole = utcSeconds(year, month, day, hour, minute, second)
  const offset = zoneSeconds(zone)
  if (whole === undefined || offset === undefined) return undefined
  return (whole - offset) * 1e6 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** Reads the time of a product name, `20180101T105441`, UTC. Undefined where it is none. */
export function parseCompactTime(text: string): Micros | undefined {
  const m = COMPACT.exec(text)
  if (!m) return undefined
  const [, year, month, day, hour, minute, second] = m
  const whole = utcSeconds(year, month, day, hour, minute, second)
  return whole === undefined ? undefined : whole * 1e6
}

/** Writes RFC 3339 UTC with milliseconds, or with microseconds where there are some. */
export function formatTime(time: Micros): string {
  const ms = Math.floor(time / MICROS_PER_MS)
  const rest = time - ms * MICROS_PER_MS
  const text = new Date(ms).toISOString()
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/** Writes the time of a product name, `20180101T105441`; the part below a second is cut. */
export function formatCompactTime(time: Micros): string {
  return new Date(Math.floor(time / MICROS_PER_MS)).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
}

function utcSeconds(...fields: readonly (string | undefined)[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.map(Number)
  const leap = second === 60 ? 1 : 0
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second - leap))
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second - leap
  return same ? date.getTime() / 1000 : undefined
}

function zoneSeconds(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60)
}
