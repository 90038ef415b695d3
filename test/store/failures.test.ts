import { expect, test } from 'vitest'
import { countFailures } from '../../src/store/failures.ts'

function listen() {
  const clock = { ms: 0 }
  const told: string[] = []
  const failures = countFailures({ file: 'a.sqlite', tell: (said) => told.push(said), now: () => clock.ms })
  return { clock, told, failures }
}

test('rows that are lost are told of once, with the reason and the way out, and again when they are kept', () => {
  const { told, failures } = listen()
  failures.lost('the disk is full', 3)
  failures.lost('the disk is full')
  expect(failures.isLosing()).toBe(true)
  failures.kept()
  failures.kept()
  expect(told).toEqual([
    expect.stringMatching(
      /^The store a\.sqlite cannot be written: the disk is full\. .*SWATH_STORE=sqlite:<file>\.$/,
    ),
    'The store a.sqlite is written again; not remembered meanwhile: 4 rows.',
  ])
  expect([failures.count(), failures.last(), failures.isLosing()]).toEqual([4, 'the disk is full', false])
})

test('a disk that takes some rows and some not is told of once a minute', () => {
  const { clock, told, failures } = listen()
  for (; clock.ms < 120_000; clock.ms += 100) {
    failures.lost('the disk is full')
    failures.kept()
  }
  expect(told).toHaveLength(4)
  failures.lost('the disk is full')
  expect(told).toHaveLength(5)
})

test('what cannot be read counts and is not told: the next row may be sound', () => {
  const { told, failures } = listen()
  failures.add('a remembered colour is damaged')
  expect([failures.count(), failures.isLosing(), told]).toEqual([1, false, []])
})
