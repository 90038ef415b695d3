import { pino } from 'pino'
import { Fault } from '../errors.ts'
import { addressOf, isProbe, type Log, type LogOutput, type RequestLine, whyOf } from './log-line.ts'
import { withoutSecrets } from './secrets.ts'

/** Severities of Cloud Logging by the levels of pino. */
const SEVERITY: Readonly<Record<string, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
}
const MOST_AGENT = 300

/**
 * Lines of JSON as Cloud Logging reads them: severity, message, time, httpRequest and trace are its own words.
 * @param project of Google Cloud, for the whole name of a trace
 */
export function jsonLog(out: LogOutput, project: string | undefined): Log {
  const logger = pino(
    {
      level: 'debug',
      base: undefined,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: SEVERITY[label] ?? 'DEFAULT' }) },
    },
    { write: (line) => void out.write(line) },
  )
  return (line) => logger[levelOf(line)](fieldsOf(line, project), messageOfLine(line))
}

/** The asker's faults are warnings, ours errors; who left is no fault of anybody. */
function levelOf({ ended }: RequestLine): 'debug' | 'info' | 'warn' | 'error' {
  const { status, cutBy } = ended
  if (status >= 500 || cutBy === 'service') return 'error'
  if (isProbe(ended)) return 'debug'
  return status >= 400 && status !== 499 ? 'warn' : 'info'
}

/** Of a bug with its stack, which Error Reporting looks for in the message. */
function messageOfLine({ ended, asked, thrown }: RequestLine): string {
  const { method, status, cutBy, route } = ended
  const why = whyOf(thrown)
  const cut = cutBy ? ` cut by the ${cutBy}` : ''
  const head = `${method} ${route === 'other' ? addressOf(asked) : route} ${status}${cut}`
  return why === undefined ? head : `${head}: ${why}`
}

function fieldsOf({ asked, ended, requestId, trace, thrown }: RequestLine, project: string | undefined) {
  const { status, wholeMs, firstByteMs, bytes, route, cutBy } = ended
  return {
    httpRequest: {
      requestMethod: asked.method,
      requestUrl: addressOf(asked),
      status,
      responseSize: String(bytes),
      userAgent: withoutSecrets((asked.header('user-agent') ?? '').slice(0, MOST_AGENT)),
      remoteIp: asked.remoteIp,
      latency: `${(wholeMs / 1000).toFixed(6)}s`,
      protocol: asked.protocol,
    },
    route,
    requestId,
    firstByteSeconds: Number((firstByteMs / 1000).toFixed(6)),
    ...(cutBy ? { cutBy } : {}),
    ...(thrown === undefined ? {} : { failure: thrown instanceof Fault ? thrown.code : 'bug' }),
    ...(trace
      ? {
          'logging.googleapis.com/trace': project
            ? `projects/${project}/traces/${trace.traceId}`
            : trace.traceId,
          'logging.googleapis.com/spanId': trace.spanId,
          'logging.googleapis.com/trace_sampled': trace.isSampled,
        }
      : {}),
  }
}
