import { isOneOfSeveral } from '../processes.ts'
import { askProcesses } from '../processes-asked.ts'
import { type LogOptions, openLog } from './log.ts'
import { type Metrics, serviceMetrics } from './metrics.ts'
import { metricsOfAll } from './metrics-of-all.ts'
import type { Seeing, Watch } from './port.ts'
import { seenRequests } from './seen-requests.ts'
import type { TraceOptions, Traces } from './traces.ts'

export type SeeingOptions = {
  readonly log: LogOptions
  /** Undefined: no traces, and nothing of OpenTelemetry is loaded. */
  readonly traces: TraceOptions | undefined
}

export type OpenSeeing = Pick<Metrics, 'waited' | 'readFrom'> & {
  readonly seeing: Seeing
  /** For the wrappers. */
  readonly watch: Watch
  close(): Promise<void>
}

/** Metrics, log and traces of one process; where it is one of several, the metrics are those of all. */
export async function openSeeing({ log, traces: traced }: SeeingOptions): Promise<OpenSeeing> {
  const requestLog = await openLog(log)
  const traces = traced && (await import('./traces.ts')).openTraces(traced)
  const metrics = serviceMetrics()
  const processes = askProcesses(metrics.part)
  return {
    seeing: {
      request: seenRequests({ metrics: metrics.requests, log: requestLog, traces }),
      refused: metrics.requests.refused,
      readGate: metrics.readGate,
      metrics: isOneOfSeveral() ? async () => metricsOfAll(await processes.all()) : metrics.text,
    },
    watch: traces ? both(metrics, traces) : metrics,
    waited: metrics.waited,
    readFrom: metrics.readFrom,
    close: async () => {
      processes.close()
      metrics.close()
      await traces?.close()
    },
  }
}

const both = (metrics: Watch, traces: Traces): Watch => ({
  looked: metrics.looked,
  begin: (kind, by) => {
    const [counted, traced] = [metrics.begin(kind, by), traces.begin(kind, by)]
    return {
      end: (thrown, bytes) => {
        counted.end(thrown, bytes)
        traced.end(thrown, bytes)
      },
      drop: () => {
        counted.drop()
        traced.drop()
      },
    }
  },
})
