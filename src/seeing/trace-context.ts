import { randomUUID } from 'node:crypto'
import type { Asked } from './port.ts'

/** Which trace a request belongs to, as its client says. */
export type TraceContext = {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly isSampled: boolean
}

const NONE = /^0+$/
const REQUEST_ID = /^[\w.:+=@-]{1,128}$/

/** Of the header traceparent (W3C Trace Context, 3.2), or X-Cloud-Trace-Context; undefined where neither is right. */
export function traceOf(header: Asked['header']): TraceContext | undefined {
  return parentOf(header('traceparent') ?? '') ?? cloudTraceOf(header('x-cloud-trace-context') ?? '')
}

/** The id of a request: the client's own, where it is a plain word, else that of its trace, else a new one. */
export function requestIdOf(header: Asked['header'], trace: TraceContext | undefined): string {
  const own = header('x-request-id')
  if (own !== undefined && REQUEST_ID.test(own)) return own
  return trace?.traceId ?? randomUUID()
}

/** A version of the future may add fields behind those of version 00. */
function parentOf(text: string): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(text.trim()) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (NONE.test(traceId) || NONE.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** `TRACE_ID/SPAN_ID;o=OPTIONS`, whose span is a decimal number. */
function cloudTraceOf(text: string): TraceContext | undefined {
  const [, traceId = '', span = '', options] =
    /^([\da-f]{32})\/(\d{1,20})(?:;o=(\d+))?$/i.exec(text.trim()) ?? []
  if (traceId === '' || NONE.test(traceId)) return undefined
  const spanId = BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0')
  return { traceId: traceId.toLowerCase(), spanId, isSampled: options === '1' }
}
