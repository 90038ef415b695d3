import { describe, expect, test } from 'vitest'
import { noticeTo } from '../../src/seeing/notice.ts'
import type { LogForm } from '../../src/seeing/port.ts'

function written(form: LogForm): string {
  let text = ''
  noticeTo({
    form,
    out: {
      write: (chunk) => {
        text += chunk
        return true
      },
    },
  })('The store is "full".')
  return text
}

describe('what is told of the service itself', () => {
  test.for(['text', 'failures'] as const)('is a line that names the program: %s', (form) => {
    expect(written(form)).toBe('swath: The store is "full".\n')
  })

  test('is one line of JSON where the log is, with a severity', () => {
    const line: unknown = JSON.parse(written('json'))
    expect(line).toEqual({
      severity: 'WARNING',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      message: 'The store is "full".',
    })
  })

  test('is not written where no log is wanted', () => {
    expect(written('off')).toBe('')
  })
})
