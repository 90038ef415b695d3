import type { LogOptions } from './log.ts'

/**
 * Writes down what is told of the service itself and of no request, a sentence at a time, in the form of the log.
 * `time` is of the clock on the wall; the severity is one of Cloud Logging's.
 */
export function noticeTo({ form, out }: Pick<LogOptions, 'form' | 'out'>): (sentence: string) => void {
  switch (form) {
    case 'off':
      return () => {}
    case 'json':
      return (message) => {
        const line = { severity: 'WARNING', time: new Date().toISOString(), message }
        out.write(`${JSON.stringify(line)}\n`)
      }
    case 'text':
    case 'failures':
      return (sentence) => void out.write(`swath: ${sentence}\n`)
  }
}
