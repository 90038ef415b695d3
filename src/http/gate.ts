import { type Admission, admission } from './admission.ts'

/** Who is let in, for how long, and until when. */
export type Gate = {
  readonly admission: Admission
  /** Milliseconds that an answer has to begin. */
  readonly deadlineMs: number
  /** Whether the service is about to end. */
  isStopping(): boolean
}

/** Of `swath serve` without further variables. */
export const usualGate = (): Gate => ({
  admission: admission(),
  deadlineMs: 60_000,
  isStopping: () => false,
})
