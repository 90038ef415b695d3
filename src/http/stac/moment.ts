import { parseDatetime } from '../../datetime.ts'
import type { Micros } from '../../sentinel2/time.ts'

/** Digits past the ninth of a fraction, of which microseconds are kept anyway. */
const TOO_FINE = /(\.\d{9})\d+/g

/** A time may have as many digits of a second as there is room for (RFC 3339, 5.6). */
export const coarser = (text: string): string => text.replaceAll(TOO_FINE, '$1')

/** An RFC 3339 time, or a date, which means that UTC day; a string is what is wrong. */
export function momentOf(text: string): { readonly from: Micros; readonly until: Micros } | string {
  const interval = 'holds an interval where one time belongs; write two comparisons, or BETWEEN'
  if (text.includes('/')) return interval
  const time = parseDatetime(coarser(text))
  if (typeof time === 'string') return time
  const { from, until } = time
  return from === undefined || until === undefined ? interval : { from, until }
}
