import { formatCompactTime } from '../sentinel2/time.ts'

/*
 * Numbers and times as digits in bytes: what an index of millions of rows is read with. What is not of the one
 * usual form is left to the plain way (csv-granule.ts), so every function here may say NaN of what it does not know.
 */

/** Days are worked out once, when they are met; in both tables 0 is one that was not. */
const YEARS = 100
/** Days since 1970 of a day between 2000 and 2099, by year, month and day; -1 where it is none. */
const dayNumbers = new Int32Array(YEARS * 16 * 32)
/** 20170208 of a day, by its days since the first of 2000. */
const dayDigits = new Int32Array(YEARS * 366)
const FIRST_DAY = 10_957

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
  const at = ((year - 2000) * 16 + month) * 32 + day
  if (dayNumbers[at] === 0) dayNumbers[at] = dayNumber(year, month, day)
  const days = dayNumbers[at] ?? -1
  return days < 0 ? Number.NaN : days * DAY + clock
}

function dayNumber(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 1000 / DAY : -1
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

/** Writes `20170208T092131` but for the T, of whole seconds since 1970 in a year of four digits. */
export function writeStampAt(bytes: Uint8Array, at: number, seconds: number): void {
  const day = Math.floor(seconds / DAY)
  const clock = seconds - day * DAY
  const minutes = (clock / 60) | 0
  const hours = (minutes / 60) | 0
  const digits = digitsOf(day)
  writeFour(bytes, at, (digits / 10_000) | 0)
  writeFour(bytes, at + 4, digits % 10_000)
  writeTwo(bytes, at + 9, hours)
  writeTwo(bytes, at + 11, minutes - hours * 60)
  writeTwo(bytes, at + 13, clock - minutes * 60)
}

/**
 * Writes `2017-02-08T09:21:43.890Z`, with six decimals where three do not say it all, of microseconds since 1970 in a
 * year of four digits.
 * @returns where it ends
 */
export function writeTimeAt(bytes: Uint8Array, at: number, time: number): number {
  const seconds = Math.floor(time / 1e6)
  const micros = time - seconds * 1e6
  const day = Math.floor(seconds / DAY)
  const clock = seconds - day * DAY
  const minutes = (clock / 60) | 0
  const hours = (minutes / 60) | 0
  const digits = digitsOf(day)
  const monthAndDay = digits % 10_000
  const month = (monthAndDay / 100) | 0
  const millis = (micros / 1000) | 0
  writeFour(bytes, at, (digits / 10_000) | 0)
  bytes[at + 4] = bytes[at + 7] = HYPHEN
  writeTwo(bytes, at + 5, month)
  writeTwo(bytes, at + 8, monthAndDay - month * 100)
  bytes[at + 10] = LETTER_T
  writeTwo(bytes, at + 11, hours)
  bytes[at + 13] = bytes[at + 16] = COLON
  writeTwo(bytes, at + 14, minutes - hours * 60)
  writeTwo(bytes, at + 17, clock - minutes * 60)
  bytes[at + 19] = POINT
  writeThree(bytes, at + 20, millis)
  const rest = micros - millis * 1000
  if (rest > 0) writeThree(bytes, at + 23, rest)
  const end = rest > 0 ? at + 26 : at + 23
  bytes[end] = LETTER_Z
  return end + 1
}

const [HYPHEN, POINT, COLON, LETTER_T, LETTER_Z] = [45, 46, 58, 84, 90] as const

/**
 * Writes `-12.345678` of millionths.
 * @returns where it ends
 */
export function writeMillionths(bytes: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value)
  const whole = (size / 1e6) | 0
  let end = at
  if (value < 0) bytes[end++] = HYPHEN
  end = writeText(bytes, end, String(whole))
  bytes[end] = POINT
  writeSix(bytes, end + 1, size - whole * 1e6)
  return end + 7
}

/**
 * Writes a short text of ASCII; a call to Buffer.write costs as much as twenty letters here.
 * @returns where it ends
 */
export function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** 20170208 of a day since 1970. */
function digitsOf(day: number): number {
  const at = day - FIRST_DAY
  const known = dayDigits[at]
  if (known) return known
  const digits = Number(formatCompactTime(day * DAY * 1e6).slice(0, 8))
  if (known === 0) dayDigits[at] = digits
  return digits
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

export function writeSix(bytes: Uint8Array, at: number, value: number): void {
  const thousands = (value / 1000) | 0
  writeThree(bytes, at, thousands)
  writeThree(bytes, at + 3, value - thousands * 1000)
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
