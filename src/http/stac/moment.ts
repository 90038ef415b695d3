import { parseDatetime } from '../../datetime.ts'
import type { Micros } from '../../sentinel2/time.ts'

/** An RFC 3339 time, or a date, which means that UTC day; a string is what is wrong. */
export function momentOf(text: string): { readonly from: Micros; readonly until: Micros } | string {
  const interval = 'holds an interval where one time belongs; write two comparisons, or BETWEEN'
  if (text.includes('/')) return interval
  const time = parseDatetime(text)
  if (typeof time === 'string') return time
  const { from, until } = time
  return from === undefined || until === undefined ? interval : { from, until }
}
