import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { codeOf } from './io-metrics.ts'
import type { Asked, Begun, Kind } from './port.ts'
import { packageVersion } from './process-metrics.ts'
import type { EndedRequest } from './request-metrics.ts'
import type { TraceContext } from './trace-context.ts'

export type TraceOptions = {
  /** Of an OTLP collector: spans go to `<endpoint>/v1/traces`. */
  readonly endpoint: string
  readonly serviceName: string
  /** Of the requests whose client does not say, the share that is traced, 0 to 1. */
  readonly share: number
}

export interface RequestSpan {
  readonly context: TraceContext
  end(request: EndedRequest, thrown: unknown): void
}

export interface Traces {
  /** Begins a request's span; what goes on in its wake belongs to it. */
  request(asked: Asked, parent: TraceContext | undefined): RequestSpan
  /** A span of the request in whose wake it begins; none of what nobody asked for. */
  begin(kind: Kind, by: string): Begun
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>
}

/** Works of microseconds, of which a request may have hundreds. */
const UNSEEN: ReadonlySet<Kind> = new Set<Kind>(['store_get', 'store_put'])
const NOTHING: Begun = { end: () => {}, drop: () => {} }
const LAST_WORDS_MS = 2000

/** OpenTelemetry; importing this file loads it. */
export function openTraces({ endpoint, serviceName, share }: TraceOptions): Traces {
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': serviceName, 'service.version': packageVersion() }),
    ),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) }),
    ],
  })
  const tracer = provider.getTracer('swath')
  const wake = new AsyncLocalStorage<Context>()
  return {
    request: (asked, parent) => {
      const span = tracer.startSpan(
        asked.method,
        { kind: SpanKind.SERVER, attributes: { 'http.request.method': asked.method } },
        parent ? trace.setSpanContext(ROOT_CONTEXT, remote(parent)) : ROOT_CONTEXT,
      )
      // Bodies are pulled when the handler is done, so its wake reaches to the end of the socket's event.
      wake.enterWith(trace.setSpan(ROOT_CONTEXT, span))
      const { traceId, spanId, traceFlags } = span.spanContext()
      return {
        context: { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
        end: ({ route, method, status, bytes, cutBy }, thrown) => {
          span.updateName(`${method} ${route}`)
          span.setAttributes({
            'http.route': route,
            'http.response.status_code': status,
            'http.response.size': bytes,
            ...(cutBy ? { 'swath.cut_by': cutBy } : {}),
            ...(thrown === undefined ? {} : { 'error.type': codeOf(thrown) }),
          })
          if (status >= 500 || cutBy === 'service') span.setStatus({ code: SpanStatusCode.ERROR })
          span.end()
        },
      }
    },
    begin: (kind, by) => {
      const context = wake.getStore()
      if (!context || UNSEEN.has(kind)) return NOTHING
      const span = tracer.startSpan(
        kind,
        { kind: SpanKind.INTERNAL, attributes: { 'swath.by': by } },
        context,
      )
      return {
        end: (thrown, bytes) => {
          if (bytes !== undefined) span.setAttribute('swath.bytes', bytes)
          if (thrown !== undefined) {
            span.setAttribute('error.type', codeOf(thrown))
            span.setStatus({ code: SpanStatusCode.ERROR })
          }
          span.end()
        },
        // A span that is never ended is never sent.
        drop: () => {},
      }
    },
    close: async () => {
      const late = new Promise<void>((resolve) => void setTimeout(resolve, LAST_WORDS_MS).unref())
      await Promise.race([provider.shutdown().catch(() => {}), late])
    },
  }
}

const remote = ({ traceId, spanId, isSampled }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
})
