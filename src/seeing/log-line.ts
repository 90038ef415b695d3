import { Fault, messageOf } from '../errors.ts'
import type { Asked } from './port.ts'
import type { EndedRequest } from './request-metrics.ts'
import { withoutSecrets } from './secrets.ts'
import type { TraceContext } from './trace-context.ts'

/** What lines are written to. */
export type LogOutput = { write(line: string): unknown }

/** All that is told of a request. */
export type RequestLine = {
  readonly asked: Asked
  readonly ended: EndedRequest
  readonly requestId: string
  readonly trace: TraceContext | undefined
  /** What it failed with; undefined where nothing was thrown. */
  readonly thrown: unknown
}

/** Writes one line a request. */
export type Log = (line: RequestLine) => void

/** Routes that are asked every few seconds by machines; their good answers are of no interest. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])
const MOST_URL = 2000

/** Whether nobody but a machine asked, and all is well. */
export const isProbe = ({ route, status }: EndedRequest): boolean => PROBES.has(route) && status < 400

/** Path and query, without secrets, of bounded length. */
export const addressOf = ({ url }: Asked): string => withoutSecrets(url.slice(0, MOST_URL))

/** The sentence of a failure and of what caused it; of a bug all that is known. */
export function whyOf(thrown: unknown): string | undefined {
  if (thrown === undefined) return undefined
  if (thrown instanceof Fault) return withoutSecrets(messageOf(thrown))
  return withoutSecrets(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
}
