import { addressOf, isProbe, type Log, type LogOutput, type RequestLine, whyOf } from './log-line.ts'
import type { LogForm } from './port.ts'

export type LogOptions = {
  readonly form: LogForm
  readonly out: LogOutput
  /** Of Google Cloud, for the whole name of a trace. */
  readonly project: string | undefined
}

/** A log of its own form; pino is loaded for JSON alone. */
export async function openLog({ form, out, project }: LogOptions): Promise<Log> {
  switch (form) {
    case 'off':
      return () => {}
    case 'json': {
      const { jsonLog } = await import('./json-log.ts')
      return jsonLog(out, project)
    }
    case 'text':
      return (line) => {
        if (!isProbe(line.ended)) out.write(textOf(line))
      }
    case 'failures':
      return (line) => {
        if (line.ended.status >= 500 || line.ended.cutBy === 'service') out.write(textOf(line))
      }
  }
}

/** `13:22:06 GET /area?… 200 12 ms 4096 B`, and why where it failed; what could break the line is written as JSON does. */
function textOf({ asked, ended, thrown, requestId }: RequestLine): string {
  const { method, status, wholeMs, bytes, cutBy } = ended
  const time = new Date().toISOString().slice(11, 19)
  const cut = cutBy ? ` cut by the ${cutBy}` : ''
  const line = `${time} ${method} ${addressOf(asked)} ${status}${cut} ${wholeMs.toFixed(0)} ms ${bytes} B ${requestId}`
  const why = whyOf(thrown)
  if (why === undefined) return `${plain(line)}\n`
  const below = why.split('\n').map((part) => `  ${plain(part)}\n`)
  return `${plain(line)}\n${below.join('')}`
}

const plain = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
