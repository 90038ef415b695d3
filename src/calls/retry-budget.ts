/** Bounds what is tried again by what is tried at all, so that a storm of failures makes hardly more calls. */
export interface RetryBudget {
  /** Notes a call's first try. */
  call(): void
  /** Whether a call may be tried again; if so, that is noted. */
  mayRetry(): boolean
  /** Since the start: tries beyond the first, and those that were not made for want of budget. */
  state(): { readonly retried: number; readonly spared: number }
}

export type RetryOptions = {
  /** Retries for each call, in the long run. */
  readonly share?: number
  /** Retries that few calls may have, too: what is saved up at most, and there at the start. */
  readonly reserve?: number
}

/** A bucket of retries that calls fill and retries empty. */
export function retryBudget({ share = 0.1, reserve = 10 }: RetryOptions = {}): RetryBudget {
  let [left, retried, spared] = [reserve, 0, 0]
  return {
    call: () => {
      left = Math.min(reserve, left + share)
    },
    mayRetry: () => {
      if (left < 1) {
        spared++
        return false
      }
      left--
      retried++
      return true
    },
    state: () => ({ retried, spared }),
  }
}
