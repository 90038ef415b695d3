/*
 * Writes lines as bytes. A line glued from thirty strings costs V8 three times as much as its bytes, which is why
 * the generator of the archive's CSV does not hand strings on.
 */

export type Pen = {
  /** Latin letters and the like, whose code is below 128. */
  text(text: string): void
  /** A number of six digits. @param n 0 to 999999 */
  six(n: number): void
  /** `20170208` of whole seconds since 1970. */
  day(seconds: number): void
  /** `2017-02-08`. */
  dashedDay(seconds: number): void
  /** `092131`. */
  clock(seconds: number): void
  /** `09:21:31`. */
  colonClock(seconds: number): void
  /** Ends the line. */
  end(): void
  /** The line that ended last, without its end. */
  lastLine(): string
  /** Puts another in its place. */
  replaceLast(line: string): void
  /** Bytes that were not taken yet. */
  readonly length: number
  /** All lines that were not taken yet; the pen goes on with a fresh page. */
  take(): Uint8Array
}

/** Longer than any line. */
const MARGIN = 4096

/** @param size bytes of a page, to be taken when that many are written */
export function createPen(size: number): Pen {
  let page = Buffer.allocUnsafe(size + MARGIN)
  let [at, line, last] = [0, 0, 0]

  const text = (text: string) => {
    const { length } = text
    if (length > 12) {
      at += page.write(text, at, 'latin1')
      return
    }
    for (let i = 0; i < length; i++) page[at++] = text.charCodeAt(i)
  }
  return {
    text,
    six: (n) => {
      const high = Math.floor(n / 1000)
      text(THREE[high] ?? '')
      text(THREE[n - high * 1000] ?? '')
    },
    day: (seconds) => text(dayOf(seconds).plain),
    dashedDay: (seconds) => text(dayOf(seconds).dashed),
    clock: (seconds) => {
      const of = seconds % DAY
      text(TWO[Math.floor(of / 3600)] ?? '')
      text(TWO[Math.floor(of / 60) % 60] ?? '')
      text(TWO[of % 60] ?? '')
    },
    colonClock: (seconds) => {
      const of = seconds % DAY
      text(TWO[Math.floor(of / 3600)] ?? '')
      page[at++] = COLON
      text(TWO[Math.floor(of / 60) % 60] ?? '')
      page[at++] = COLON
      text(TWO[of % 60] ?? '')
    },
    end: () => {
      page[at++] = LINE_FEED
      last = line
      line = at
    },
    lastLine: () => page.toString('latin1', last, line - 1),
    replaceLast: (changed) => {
      at = last + page.write(`${changed}\n`, last, 'latin1')
      line = at
    },
    get length() {
      return at
    },
    take: () => {
      const bytes = page.subarray(0, at)
      page = Buffer.allocUnsafe(size + MARGIN)
      at = 0
      line = 0
      last = 0
      return bytes
    },
  }
}

/** `20170208T092131` of milliseconds since 1970. */
export const compact = (ms: number): string => extended(ms).replaceAll(/[-:]/g, '')

/** `2017-02-08T09:21:31`. */
export function extended(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const of = seconds % DAY
  return `${dayOf(seconds).dashed}T${TWO[Math.floor(of / 3600)]}:${TWO[Math.floor(of / 60) % 60]}:${TWO[of % 60]}`
}

export const three = (n: number): string => THREE[n] ?? ''

const COLON = 58
const LINE_FEED = 10
const DAY = 86_400
const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'))
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

type Day = { readonly plain: string; readonly dashed: string }
const days = new Map<number, Day>()

function dayOf(seconds: number): Day {
  const day = Math.floor(seconds / DAY)
  let known = days.get(day)
  if (!known) {
    const dashed = new Date(day * DAY * 1000).toISOString().slice(0, 10)
    known = { plain: dashed.replaceAll('-', ''), dashed }
    days.set(day, known)
  }
  return known
}
