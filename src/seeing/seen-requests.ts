import type { Log } from './log-line.ts'
import type { Asked, SeenRequest } from './port.ts'
import type { EndedRequest, RequestMetrics } from './request-metrics.ts'
import { requestIdOf, traceOf } from './trace-context.ts'
import type { Traces } from './traces.ts'

/** nginx's: the client left before the answer. */
const LEFT = 499

export type SeenBy = {
  readonly metrics: RequestMetrics
  readonly log: Log
  readonly traces: Traces | undefined
}

type Answer = Parameters<SeenRequest['answered']>[0] & { readonly at: number }
type End = Parameters<SeenRequest['ended']>[0] & { readonly at: number }

/** Follows requests; each is told of once, when its answer is known and its end is, whichever comes last. */
export function seenRequests({ metrics, log, traces }: SeenBy): (asked: Asked) => SeenRequest {
  return (asked) => {
    const began = performance.now()
    const parent = traceOf(asked.header)
    const requestId = requestIdOf(asked.header, parent)
    const span = traces?.request(asked, parent)
    let answer: Answer | undefined
    let end: End | undefined
    let cut: { readonly thrown: unknown } | undefined
    metrics.began()

    const tell = () => {
      if (!answer || !end) return
      const isLeft = !end.whole && !cut && end.at <= answer.at
      const ended = {
        route: answer.route,
        method: asked.method,
        status: end.refusedWith ?? (isLeft ? LEFT : answer.status),
        firstByteMs: answer.at - began,
        wholeMs: Math.max(end.at, answer.at) - began,
        bytes: end.bytes,
        cutBy: cutterOf(end, cut !== undefined),
      }
      const thrown = cut?.thrown ?? answer.thrown
      metrics.ended(ended)
      span?.end(ended, thrown)
      log({ asked, ended, requestId, trace: span?.context ?? parent, thrown })
    }

    return {
      id: requestId,
      answered: (told) => {
        answer = { ...told, at: performance.now() }
        tell()
      },
      brokenOff: (thrown) => {
        cut = { thrown }
      },
      ended: (told) => {
        end = { ...told, at: performance.now() }
        tell()
      },
    }
  }
}

/** Who is told of a refusal has lost no answer. */
function cutterOf({ whole, refusedWith }: End, isBrokenOff: boolean): EndedRequest['cutBy'] {
  if (whole || refusedWith !== undefined) return undefined
  return isBrokenOff ? 'service' : 'client'
}
