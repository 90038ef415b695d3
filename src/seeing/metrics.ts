import Registry from 'prom-client/lib/registry.js'
import { type AdmissionMetrics, admissionMetrics } from './admission-metrics.ts'
import { ioMetrics } from './io-metrics.ts'
import type { Watch } from './port.ts'
import { processMetrics } from './process-metrics.ts'
import { processesMetrics } from './processes-metrics.ts'
import { type RequestMetrics, requestMetrics } from './request-metrics.ts'
import { type StandingMetrics, standingMetrics } from './standing-metrics.ts'

export type Metrics = Watch &
  AdmissionMetrics &
  Pick<StandingMetrics, 'waited' | 'readFrom'> & {
    readonly requests: RequestMetrics
    /** In the text form of Prometheus. */
    text(): Promise<string>
    /** As plain JSON, to be added up with those of other processes. */
    part(): Promise<readonly object[]>
    close(): void
  }

/** All metrics of a process, in a registry of their own. */
export function serviceMetrics(now: () => number = () => performance.now()): Metrics {
  const registry = new Registry()
  const { begin } = ioMetrics(registry, now)
  const { looked, waited, readFrom } = standingMetrics(registry, now)
  const { close } = processMetrics(registry)
  processesMetrics(registry)
  return {
    begin,
    looked,
    waited,
    readFrom,
    requests: requestMetrics(registry, now),
    ...admissionMetrics(registry),
    text: () => registry.metrics(),
    part: () => registry.getMetricsAsJSON(),
    close,
  }
}
