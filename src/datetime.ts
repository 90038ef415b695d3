import type { Search } from './catalog/port.ts'
import { type Micros, parseTime } from './sentinel2/time.ts'

/**
 * Reads `datetime`: an RFC 3339 time, a date, or an interval `a/b`, `a/..`, `../b` of them; a date means that
 * whole UTC day. A string is what is wrong, to be put behind the parameter's name.
 */
export function parseDatetime(text: string): Search['time'] | string {
  const parts = text.split('/')
  if (parts.length > 2) return 'has more than one slash'
  const [start = '', end] = parts
  if (end === undefined) {
    const instant = moment(start)
    return instant ?? wrongTime(start)
  }
  const [open, close] = [start, end].map((part) => part === '' || part === '..')
  if (open && close) return 'is open at both ends; leave it out to ask for all times'
  const from = open ? undefined : moment(start)
  const until = close ? undefined : moment(end)
  if (!open && !from) return wrongTime(start)
  if (!close && !until) return wrongTime(end)
  if (from && until && from.from > until.until) return 'ends before it begins'
  return { from: from?.from, until: until?.until }
}

const DATE = /^\d{4}-\d{2}-\d{2}$/
const DAY = 86_400 * 1e6

/** A time, or the whole UTC day of a date. */
function moment(text: string): { from: Micros; until: Micros } | undefined {
  if (!DATE.test(text)) {
    const time = parseTime(text)
    return time === undefined ? undefined : { from: time, until: time }
  }
  const midnight = parseTime(`${text}T00:00:00Z`)
  return midnight === undefined ? undefined : { from: midnight, until: midnight + DAY - 1 }
}

/** A + that a URL does not escape arrives as a space. */
const LOST_PLUS = /T[\d:.]+ \d{2}:\d{2}$/i

const wrongTime = (text: string): string =>
  LOST_PLUS.test(text)
    ? `holds ${JSON.stringify(text)}; write the + of a zone as %2B in a URL`
    : `holds ${JSON.stringify(text)}, which is neither an RFC 3339 time with a zone, such as 2020-07-17T10:00:00Z, nor a date`
