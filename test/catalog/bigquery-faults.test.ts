import { expect, test } from 'vitest'
import { Refused } from '../../src/calls/http-answer.ts'
import { toFault } from '../../src/catalog/bigquery-faults.ts'

const ASKED = {
  table: 'project.dataset.table',
  variable: 'SWATH_BIGQUERY_TABLE',
  project: 'project',
  maxBytesBilled: 1,
  deadlineMs: 1,
  totalMs: 1,
} as const

const refusal = (status: number, error: object | undefined, retryAfter?: number) =>
  new Refused(status, error ? JSON.stringify({ error }) : '', retryAfter)
const because = (reason: string, message: string) => ({ message, errors: [{ reason, message }] })

test.each([
  ['that passes and says nothing', refusal(500, undefined), 'status 500. Try again.'],
  ['that passes', refusal(503, because('backendError', 'Later.')), 'status 503. Later. Try again.'],
  [
    'that passes by its word',
    refusal(400, because('backendError', 'Later.')),
    'status 400. Later. Try again.',
  ],
  ['that stays', refusal(400, because('resourcesExceeded', 'Too much.')), 'status 400. Too much.'],
  ['that stays and says nothing', refusal(412, undefined), 'status 412.'],
])('another try is proposed of a failure that passes alone: one %s', (_, refused, how) => {
  expect(toFault(refused, ASKED)).toMatchObject({
    code: 'upstream-failed',
    message: `BigQuery did not answer about the table project.dataset.table: ${how}`,
  })
})

test('of a busy BigQuery the time that it names is told, and none that it does not', () => {
  const limit = because('rateLimitExceeded', 'Too many.')
  for (const retryAfter of [undefined, 0, 7]) {
    const fault = toFault(refusal(403, limit, retryAfter), ASKED)
    expect(fault).toMatchObject({ code: 'upstream-busy', retryAfter })
  }
})
