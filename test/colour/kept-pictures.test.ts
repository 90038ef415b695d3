import { expect, test } from 'vitest'
import { keepPictures } from '../../src/colour/kept-pictures.ts'

const picture = (length: number) => ({ bytes: new Uint8Array(length) })

test('the pictures that nobody asked for the longest make room for new ones', () => {
  const kept = keepPictures(100)
  for (const name of ['a', 'b', 'c']) kept.put(name, picture(30))
  kept.get('a')
  kept.put('d', picture(40))
  expect(['a', 'b', 'c', 'd'].filter((name) => kept.get(name))).toEqual(['a', 'c', 'd'])
  expect(kept.bytes()).toBe(100)
})

test('a picture that is larger than all the room is not kept, and drives none out', () => {
  const kept = keepPictures(100)
  kept.put('a', picture(60))
  kept.put('b', picture(101))
  expect([kept.get('a')?.bytes.length, kept.get('b'), kept.bytes()]).toEqual([60, undefined, 60])
})

test('a picture that is put again counts once', () => {
  const kept = keepPictures(100)
  kept.put('a', picture(60))
  kept.put('a', picture(50))
  expect([kept.get('a')?.bytes.length, kept.bytes()]).toEqual([50, 50])
})
