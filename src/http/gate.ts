import { type PieceTurns, takePieceTurns } from '../calls/piece-turns.ts'
import { type Admission, admission } from './admission.ts'

/** Who is let in, for how long, until when, and whose answer is made first. */
export type Gate = {
  readonly admission: Admission
  readonly pieceTurns: PieceTurns
  /** Milliseconds that an answer has to begin. */
  readonly deadlineMs: number
  /** Whether the service is about to end. */
  isStopping(): boolean
}

/** Of `swath serve` without further variables. */
export const usualGate = (): Gate => ({
  admission: admission(),
  pieceTurns: takePieceTurns(),
  deadlineMs: 60_000,
  isStopping: () => false,
})
