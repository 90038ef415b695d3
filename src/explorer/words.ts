const NUMBER = new Intl.NumberFormat('en')
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1 granule`, `1,204 granules`. */
export const counted = (n: number, word: string): string => `${NUMBER.format(n)} ${word}${n === 1 ? '' : 's'}`

/** Bytes in powers of 1000, as disks and networks are sold. */
export function bytesText(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1)
  const value = bytes / 1000 ** step
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[step]}`
}

/** `20 Jun 2022` in the reader's order; of an RFC 3339 time its UTC day. */
export const dayText = (time: string): string => DAY.format(new Date(time))

/** `June 2022` of `2022-06`. */
export const monthText = (month: string): string => MONTH.format(new Date(`${month}-01T00:00:00Z`))

/** `10:23` UTC. */
export const clockText = (time: string): string => time.slice(11, 16)

/** Percent with one decimal below ten, none above. */
export const percentText = (percent: number): string =>
  `${percent < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`
