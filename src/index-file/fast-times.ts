import { type Micros, parseCompactTime, parseTime } from '../sentinel2/time.ts'

/*
 * An index of millions of rows has five times in each, of some four thousand days: a day is read once, by
 * sentinel2/time.ts, which also reads whatever is not of the one usual form.
 */

/** As parseTime of `2017-02-08T09:21:43.890000Z`; an export of the table writes `2017-02-08 09:21:43.89 UTC`. */
export function readArchiveTime(text: string): Micros | undefined {
  if (isUsual(text)) {
    const day = dayOf(text, 0, 5, 8)
    const clock = clockSeconds(text, 11, 14, 17)
    const [a, b, c] = [digits(text, 20), digits(text, 22), digits(text, 24)]
    if (day !== undefined && clock !== undefined && a >= 0 && b >= 0 && c >= 0) {
      return (day + clock) * 1e6 + a * 10_000 + b * 100 + c
    }
  }
  return parseTime(text) ?? parseTime(text.replace(' UTC', 'Z').replace(' ', 'T'))
}

/** As parseCompactTime, of `20170208T092131`. */
export function readStamp(text: string): Micros | undefined {
  if (text.length === 15 && text[8] === 'T') {
    const day = dayOf(text, 0, 4, 6)
    const clock = clockSeconds(text, 9, 11, 13)
    if (day !== undefined && clock !== undefined) return (day + clock) * 1e6
  }
  return parseCompactTime(text)
}

/** More days than ten centuries hold come from nonsense alone. */
const MOST_DAYS = 400_000
/** Seconds since 1970 of the start of a day, by the number 20170208. */
const days = new Map<number, number>()

function dayOf(text: string, yearAt: number, monthAt: number, dayAt: number): number | undefined {
  const [century, year] = [digits(text, yearAt), digits(text, yearAt + 2)]
  const [month, day] = [digits(text, monthAt), digits(text, dayAt)]
  if (century < 0 || year < 0 || month < 0 || day < 0) return undefined
  const number = ((century * 100 + year) * 100 + month) * 100 + day
  const known = days.get(number)
  if (known !== undefined) return known
  const midnight = parseCompactTime(`${String(number).padStart(8, '0')}T000000`)
  if (midnight === undefined) return undefined
  if (days.size >= MOST_DAYS) days.clear()
  days.set(number, midnight / 1e6)
  return midnight / 1e6
}

/** Whether a text has the marks of `YYYY-MM-DDThh:mm:ss.ffffffZ` where they belong. */
const isUsual = (text: string): boolean =>
  text.length === 27 &&
  text[4] === '-' &&
  text[7] === '-' &&
  text[10] === 'T' &&
  text[13] === ':' &&
  text[16] === ':' &&
  text[19] === '.' &&
  text[26] === 'Z'

/** Undefined where one is no number of a clock; a leap second is left to the slow way. */
function clockSeconds(text: string, hourAt: number, minuteAt: number, secondAt: number): number | undefined {
  const [hour, minute, second] = [digits(text, hourAt), digits(text, minuteAt), digits(text, secondAt)]
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined
  return hour * 3600 + minute * 60 + second
}

/** The number of two digits; negative where they are none. */
function digits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}
