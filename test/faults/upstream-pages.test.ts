import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Mishap, WholeAnswer } from '../stand-ins/storage-faults.ts'
import { BOX, type Faulty, nothingLeft, readToEnd, serveSample, told, wellAgain } from './upstream.ts'

/* Listings that are JSON, come with status 200, and are not what was asked for: none is taken for an answer. */

const pageForm = z.looseObject({ items: z.array(z.looseObject({ name: z.string(), size: z.string() })) })
type Page = z.infer<typeof pageForm>

/** The listing as it is made of the right one; text is sent as it stands. */
const page = (make: (page: Page) => unknown): Mishap => ({
  kind: 'edited',
  edit: (answer: WholeAnswer) => {
    const read = pageForm.safeParse(JSON.parse(answer.body.toString()))
    if (!read.success) return answer
    const made = make(read.data)
    const body = typeof made === 'string' ? made : JSON.stringify(made)
    return { ...answer, headers: { 'content-type': 'application/json' }, body }
  },
})
const items = (change: (item: Page['items'][number], i: number) => unknown): Mishap =>
  page((right) => ({ ...right, items: right.items.map(change) }))

const PAGES: readonly (readonly [string, Mishap])[] = [
  ['JSON that is cut', page((right) => JSON.stringify(right).slice(0, -20))],
  ['nothing at all', page(() => '')],
  ['an error with status 200', page(() => ({ error: { code: 500, message: 'no' } }))],
  ['something of another kind', page(() => ({ kind: 'storage#bucket', name: 'x' }))],
  ['a list', page(({ items }) => items)],
  ['items without names', items(({ size }) => ({ size }))],
  ['a name that is a number', items(({ size }, i) => ({ name: i, size }))],
  ['a size that is none', items(({ name }) => ({ name, size: 'large' }))],
  ['a negative size', items(({ name }) => ({ name, size: '-1' }))],
  ['items that are null', page((right) => ({ ...right, items: null }))],
  [
    'the names of another granule',
    items(({ name, size }) => ({ name: name.replace('tiles/33', 'tiles/32'), size })),
  ],
  ['a token that is a number', page((right) => ({ ...right, nextPageToken: 7 }))],
  ['a token that comes again', page((right) => ({ ...right, nextPageToken: 'again' }))],
  [
    'tokens that never end, the same names each time',
    page((right) => ({ ...right, nextPageToken: `${Math.random()}` })),
  ],
  ['tokens that never end, and no names', page(({ kind }) => ({ kind, nextPageToken: `${Math.random()}` }))],
]

let service: Faulty
beforeAll(async () => {
  service = await serveSample()
})
afterEach(() => service.bucket.setFault(undefined))
afterAll(() => service.close())

describe('a listing that is', () => {
  test.for(PAGES)('%s is refused as a whole, with a sentence', async ([, mishap]) => {
    const { url, bucket } = service
    const before = bucket.stats().list
    bucket.setFault(({ kind }) => (kind === 'list' ? mishap : undefined))
    const answer = await told(`${url}/area?${BOX}&limit=1`)
    expect([answer.status, answer.retryAfter]).toEqual([502, undefined])
    expect(answer.detail).toMatch(/Cloud Storage .*(makes no sense|over and over).*[Tt]ry again/)
    expect(bucket.stats().list - before).toBeLessThanOrEqual(110)
    bucket.setFault(undefined)
    await wellAgain(url)
    expect(service.house.state()).toMatchObject({ store: { listings: 0 }, listings: { hits: 0 } })
  })

  test('right again gives all', async () => {
    const { text } = await readToEnd(`${service.url}/area?${BOX}&format=uris`)
    expect(text.trimEnd().split('\n')).toHaveLength(35)
    await nothingLeft(service)
  })
})
