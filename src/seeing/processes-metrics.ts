import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import { REPLACED } from './supervisor-part.ts'

/** Of one process of the service: that it runs. How many were lost only the one that supervises them knows. */
export function processesMetrics(registry: Registry): void {
  const registers = [registry]
  new Gauge({
    name: 'swath_processes',
    help: 'Processes of the service that told their counts.',
    registers,
  }).set(1)
  new Counter({ ...REPLACED, registers })
}
