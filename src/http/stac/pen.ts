/** Writes text into bytes that grow as they must. */
export type Pen = {
  /** Text whose letters take a byte each. */
  ascii(text: string): void
  utf8(text: string): void
  bytes(written: Uint8Array): void
  /** A number as JSON has it; one of at most six decimals costs little. */
  number(value: number): void
  /** So many bytes are about to be written before the next time that some are taken. */
  expect(bytes: number): void
  /** Bytes that wait to be taken. */
  length(): number
  /** What has been written since the last time, in less than twice its memory; the pen goes on in its own. */
  take(): Uint8Array<ArrayBuffer>
}

/** @param room bytes that are got at a time: about as many as will be taken at once */
export function createPen(room: number): Pen {
  let paper: Buffer<ArrayBuffer> = Buffer.alloc(0)
  let used = 0

  const makeRoom = (more: number) => {
    if (used + more <= paper.length) return
    const wider = Buffer.allocUnsafeSlow(Math.max(room, paper.length * 2, used + more))
    wider.set(paper.subarray(0, used))
    paper = wider
  }

  const ascii = (text: string) => {
    const { length } = text
    makeRoom(length)
    if (length > SHORT) used += paper.write(text, used, 'latin1')
    else for (let i = 0; i < length; i++) paper[used++] = text.charCodeAt(i)
  }

  return {
    ascii,
    utf8: (text) => {
      makeRoom(Buffer.byteLength(text))
      used += paper.write(text, used, 'utf8')
    },
    bytes: (written) => {
      makeRoom(written.length)
      paper.set(written, used)
      used += written.length
    },
    number: (value) => {
      const millionths = Math.round(Math.abs(value) * MILLION)
      if (millionths / MILLION !== Math.abs(value) || millionths > MOST_MILLIONTHS)
        return ascii(String(value))
      makeRoom(MOST_DIGITS)
      used = writeMillionths(paper, used, value < 0 ? -millionths : millionths)
    },
    expect: (bytes) => makeRoom(bytes - used),
    length: () => used,
    take: () => {
      const written = paper.subarray(0, used)
      // A short page may wait long for its reader, and would hold all the room.
      const isShort = used * 2 < paper.length
      const taken = isShort ? new Uint8Array(written) : written
      if (!isShort) paper = Buffer.alloc(0)
      used = 0
      return taken
    },
  }
}

/** Letters up to which a call out of JavaScript costs more than a loop. */
const SHORT = 12
const MILLION = 1_000_000
/** So that what is written fits an integer of 32 bits on either side of the point. */
const MOST_MILLIONTHS = 1e15
/** A sign, nine digits, a point and six more. */
const MOST_DIGITS = 17
const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e

/** Writes a number of millionths, without zeros at its end, and tells where the next byte goes. */
function writeMillionths(paper: Uint8Array, start: number, millionths: number): number {
  let at = start
  const size = Math.abs(millionths)
  if (millionths < 0) paper[at++] = MINUS
  const whole = Math.floor(size / MILLION)
  let rest = size - whole * MILLION
  at = writeDigits(paper, at, whole, digitsOf(whole))
  if (rest === 0) return at
  paper[at++] = POINT
  let digits = 6
  while (rest % 10 === 0) {
    rest /= 10
    digits--
  }
  return writeDigits(paper, at, rest, digits)
}

function digitsOf(whole: number): number {
  let digits = 1
  for (let most = 10; whole >= most; most *= 10) digits++
  return digits
}

function writeDigits(paper: Uint8Array, start: number, value: number, digits: number): number {
  let left = value | 0
  for (let at = start + digits - 1; at >= start; at--) {
    const tens = (left / 10) | 0
    paper[at] = ZERO + left - tens * 10
    left = tens
  }
  return start + digits
}
