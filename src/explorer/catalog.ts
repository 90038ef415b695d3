/** Whether the service answers from the embedded sample, which is a place to begin. */
export const isSample = (): boolean => document.documentElement.dataset.catalog === 'sample'

/** Whether its catalog bills every question; then nothing is asked that nobody asked for. */
export const isBilled = (): boolean => document.documentElement.dataset.catalog === 'bigquery'
