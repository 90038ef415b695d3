/** Also a metric of each process, where it stays 0, so that it is there before the first is lost. */
export const REPLACED = {
  name: 'swath_processes_replaced_total',
  help: 'Processes of the service that ended by themselves or were killed, and another took their place.',
}

/** The part of the one that supervises, in the form of Metrics.part: it needs no registry for one number. */
export const supervisorPart = (replaced: number): readonly object[] => [
  { ...REPLACED, type: 'counter', aggregator: 'sum', values: [{ value: replaced, labels: {} }] },
]
