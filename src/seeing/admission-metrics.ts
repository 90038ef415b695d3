import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import type { GateState } from './port.ts'

export type AdmissionMetrics = {
  /** Where the counts are read at a scrape. */
  readonly readGate: (read: () => GateState) => void
}

/** Who is let in, and who is told to come again; all 0 where nobody is asked. */
export function admissionMetrics(registry: Registry): AdmissionMetrics {
  const registers = [registry]
  let read = (): GateState => ({
    inFlight: 0,
    clients: 0,
    refusedOfOne: 0,
    refusedOfAll: 0,
    answersWaiting: 0,
  })
  new Gauge({
    name: 'swath_admission_in_flight',
    help: 'Requests under way that were let in; probes and scrapes always are, and do not count.',
    registers,
    collect() {
      this.set(read().inFlight)
    },
  })
  new Gauge({
    name: 'swath_admission_clients',
    help: 'Clients that have requests under way; of several processes each counts its own.',
    registers,
    collect() {
      this.set(read().clients)
    },
  })
  new Gauge({
    name: 'swath_answers_waiting',
    help: 'Answers that wait for their turn to be made by the event loop.',
    registers,
    collect() {
      this.set(read().answersWaiting)
    },
  })
  new Counter({
    name: 'swath_admission_refused_total',
    help: 'Requests told to come again; one: 429, their client had its share; all: 503, the process had.',
    labelNames: ['bound'],
    registers,
    collect() {
      const { refusedOfOne, refusedOfAll } = read()
      this.reset()
      this.inc({ bound: 'one' }, refusedOfOne)
      this.inc({ bound: 'all' }, refusedOfAll)
    },
  })
  return {
    readGate: (from) => {
      read = from
    },
  }
}
