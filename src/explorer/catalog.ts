/** Whether the service answers from the embedded sample, which is a place to begin. */
export const isSample = (): boolean => document.documentElement.dataset.catalog === 'sample'

/** Where that lies. */
export const SAMPLE_BOX = '11.6,54.8,15.3,57'

/** Whether its catalog bills every question; then nothing is asked that nobody asked for. */
export const isBilled = (): boolean => document.documentElement.dataset.catalog === 'bigquery'
