/** What can go wrong that is expected: the asker's fault, the world's, or something that is not there. */
export type FaultCode =
  | 'bad-request'
  | 'not-found'
  | 'no-colour'
  | 'bad-image'
  | 'misconfigured'
  | 'area-too-large'
  | 'upstream-failed'
  | 'upstream-late'
  | 'upstream-busy'
  | 'over-budget'
  | 'too-many'
  | 'overloaded'
  | 'cancelled'

/** One bad parameter of a request, for `errors` of a problem+json and for the command line. */
export type ParameterError = { readonly parameter: string; readonly message: string }

export type FaultOptions = {
  readonly cause?: unknown
  readonly errors?: readonly ParameterError[]
  /** Seconds after which the asker may try again. */
  readonly retryAfter?: number
}

/**
 * An expected failure: a code that maps to one HTTP status and one exit code, and a sentence that names
 * the culprit and the way out. Whatever is thrown and is no Fault is a bug.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly errors: readonly ParameterError[]
  readonly retryAfter: number | undefined

  constructor(code: FaultCode, sentence: string, options: FaultOptions = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errors = options.errors ?? []
    this.retryAfter = options.retryAfter
  }
}

/** Where granules are taken one by one, what a fault of one of them tells: of it, of the archive just now, of all. */
export const BLAMES = {
  'no-colour': 'granule',
  'bad-image': 'granule',
  'upstream-failed': 'upstream',
  'upstream-late': 'upstream',
  'upstream-busy': 'upstream',
  'bad-request': 'all',
  'not-found': 'all',
  misconfigured: 'all',
  'area-too-large': 'all',
  'over-budget': 'all',
  'too-many': 'all',
  overloaded: 'all',
  cancelled: 'all',
} as const satisfies Record<FaultCode, 'granule' | 'upstream' | 'all'>

/** The fault of an asker who left: what was under way is given up, nobody waits for the answer. */
export const cancelled = (cause?: unknown) =>
  new Fault('cancelled', 'The asker left before the answer was there.', { cause })

/** The text of anything thrown and of what caused it, for a sentence that quotes it. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.cause instanceof Error ? `${thrown.message}: ${messageOf(thrown.cause)}` : thrown.message
}
