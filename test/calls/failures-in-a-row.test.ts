import { expect, test } from 'vitest'
import { failuresInARow } from '../../src/calls/failures-in-a-row.ts'
import { Fault } from '../../src/errors.ts'

const fault = (n: number) => new Fault('upstream-failed', `Failure ${n}.`)

test('the failure that fills the row is told, and those after it', () => {
  const lastOfRow = failuresInARow(3)
  expect([1, 2, 3, 4].map((n) => lastOfRow(fault(n))?.message)).toEqual([
    undefined,
    undefined,
    'Failure 3.',
    'Failure 4.',
  ])
})

test('an answer in between begins the row anew', () => {
  const lastOfRow = failuresInARow(2)
  const told = [fault(1), undefined, fault(2), undefined, fault(3), fault(4)].map(lastOfRow)
  expect(told.map((last) => last?.message)).toEqual([...Array(5).fill(undefined), 'Failure 4.'])
})
