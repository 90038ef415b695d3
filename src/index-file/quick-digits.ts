/*
 * Numbers and times as digits in bytes: what an index of millions of rows is read with. What is not of the one
 * usual form is left to the plain way (csv-granule.ts), so every function here may say NaN of what it does not know.
 */

/** Days since 1970 of a day between 2000 and 2099, by its number of month and year; -1 where it is none. */
const YEARS = 100
const dayNumbers = new Int32Array(YEARS * 16 * 32).fill(-1)
/** 20170208 of a day, by its days since the first of 2000. */
const dayDigits = new Int32Array(YEARS * 366)
const FIRST_DAY = Date.UTC(2000, 0, 1) / 86_400_000

function fill(): void {
  for (let day = FIRST_DAY; ; day++) {
    const date = new Date(day * 86_400_000)
    const [year, month, of] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
    if (year >= 2000 + YEARS) return
    dayNumbers[((year - 2000) * 16 + month) * 32 + of] = day
    dayDigits[day - FIRST_DAY] = (year * 100 + month) * 100 + of
  }
}
fill()

/** Two digits. */
export function two(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 48
  const ones = (bytes[at + 1] ?? 0) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

export const three = (bytes: Uint8Array, at: number): number => {
  const ones = (bytes[at + 2] ?? 0) - 48
  return ones >= 0 && ones <= 9 ? two(bytes, at) * 10 + ones : Number.NaN
}

const DAY = 86_400

function secondsOf(year: number, month: number, day: number, clock: number): number {
  if (!(year >= 2000 && month <= 12 && day <= 31)) return Number.NaN
  const days = dayNumbers[((year - 2000) * 16 + month) * 32 + day] ?? -1
  return days < 0 ? Number.NaN : days * DAY + clock
}

function clockOf(hour: number, minute: number, second: number): number {
  return hour < 24 && minute < 60 && second < 60 ? (hour * 60 + minute) * 60 + second : Number.NaN
}

/** Seconds since 1970 of `20170208T092131`; the T is not looked at. */
export function stampAt(bytes: Uint8Array, at: number): number {
  const clock = clockOf(two(bytes, at + 9), two(bytes, at + 11), two(bytes, at + 13))
  return secondsOf(two(bytes, at) * 100 + two(bytes, at + 2), two(bytes, at + 4), two(bytes, at + 6), clock)
}

/** Microseconds since 1970 of `2017-02-08T09:21:43.890000Z`. */
export function timeAt(bytes: Uint8Array, at: number): number {
  const marks =
    bytes[at + 4] === 45 &&
    bytes[at + 7] === 45 &&
    bytes[at + 10] === 84 &&
    bytes[at + 13] === 58 &&
    bytes[at + 16] === 58 &&
    bytes[at + 19] === 46 &&
    bytes[at + 26] === 90
  if (!marks) return Number.NaN
  const clock = clockOf(two(bytes, at + 11), two(bytes, at + 14), two(bytes, at + 17))
  const year = two(bytes, at) * 100 + two(bytes, at + 2)
  const seconds = secondsOf(year, two(bytes, at + 5), two(bytes, at + 8), clock)
  return seconds * 1e6 + three(bytes, at + 20) * 1000 + three(bytes, at + 23)
}

/** Writes `20170208T092131` but for the T, of seconds since 1970 that stampAt gave. */
export function writeStampAt(bytes: Uint8Array, at: number, seconds: number): void {
  const day = Math.floor(seconds / DAY)
  const clock = seconds - day * DAY
  const minutes = (clock / 60) | 0
  const hours = (minutes / 60) | 0
  const digits = dayDigits[day - FIRST_DAY] ?? 0
  writeFour(bytes, at, (digits / 10_000) | 0)
  writeFour(bytes, at + 4, digits % 10_000)
  writeTwo(bytes, at + 9, hours)
  writeTwo(bytes, at + 11, minutes - hours * 60)
  writeTwo(bytes, at + 13, clock - minutes * 60)
}

export function writeTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  bytes[at] = 48 + tens
  bytes[at + 1] = 48 + value - tens * 10
}

export function writeThree(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  writeTwo(bytes, at, tens)
  bytes[at + 2] = 48 + value - tens * 10
}

export function writeFour(bytes: Uint8Array, at: number, value: number): void {
  const hundreds = (value / 100) | 0
  writeTwo(bytes, at, hundreds)
  writeTwo(bytes, at + 2, value - hundreds * 100)
}

const POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n)
/** Digits that a double always holds. */
const SAFE_DIGITS = 15

/**
 * The number between two places, written as `-12.345` or `12`; NaN of any other way of writing it. Exactly what
 * Number gives: digits and power of ten are exact, so the quotient is rounded once (Clinger, PLDI 1990).
 */
export function decimalAt(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === 45
  let [value, digits, point] = [0, 0, -1]
  for (let i = isNegative ? start + 1 : start; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === 46 && point < 0) point = i
    else if (byte >= 48 && byte <= 57) {
      value = value * 10 + byte - 48
      digits++
    } else return Number.NaN
  }
  if (digits === 0 || digits > SAFE_DIGITS) return Number.NaN
  const number = point < 0 ? value : value / (POWERS[end - point - 1] ?? Number.NaN)
  return isNegative ? -number : number
}
