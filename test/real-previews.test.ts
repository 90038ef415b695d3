import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Granule } from '../src/sentinel2/granule.ts'
import { folderStorage } from '../src/storage/folder.ts'
import { decode, FULL, farthest, isPreview, L2A, openPreviews, PNG, withoutPreview } from './previews.ts'
import { realData } from './real-data.ts'

let previews: Awaited<ReturnType<typeof openPreviews>>
beforeAll(async () => {
  previews = await openPreviews()
})
afterAll(() => previews.close())

const open: typeof previews.open = (...options) => previews.open(...options)
const granuleOf = (granuleId: string) => previews.granuleOf(granuleId)

describe('real previews', () => {
  const bucket = realData('bucket')
  const golden = realData('golden.tsv')
  const rows = golden ? readFileSync(golden, 'utf8').trim().split('\n') : []
  const previews = rows.map((row) => row.split('\t')).filter(([path = '']) => isPreview(path))

  test.runIf(bucket && golden).for(previews)(
    '%s has the golden mean colour',
    async ([path = '', , , , valid, means = '']) => {
      const [, place = '', granuleId = ''] = /^(.+\.SAFE)\/GRANULE\/([^/]+)\//.exec(path) ?? []
      const granule: Granule = { ...(await granuleOf(FULL)), place, granuleId, baseline: '04.00' }
      const { draw } = open(undefined, folderStorage({ folder: bucket ?? '' }))
      const { bytes, from } = await draw(granule, PNG)
      const decoded = await decode(bytes)
      expect([from, decoded.width]).toEqual(['preview', 343])
      expect(farthest(decoded.mean, means.split(',').map(Number))).toBeLessThan(1)
      expect(Math.abs(decoded.valid - Number(valid))).toBeLessThan(0.01)
    },
  )

  test.runIf(bucket)('29UNU from its bands has the colours of its bands at full size', async () => {
    const place = 'L2/tiles/29/U/NU/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE'
    const granule = { ...(await granuleOf(L2A)), place, granuleId: 'L2A_T29UNU_A038058_20221005T115407' }
    const real = folderStorage({ folder: bucket ?? '' })
    const { bytes, from } = await open(withoutPreview, real).draw(granule, PNG)
    const { mean, valid, width } = await decode(bytes)
    expect([from, width]).toEqual(['bands', 458])
    // Of B04, B03 and B02 as GDAL decodes them, each pixel brought to (DN - 1000) / 3558 of 255 and clamped.
    expect(farthest(mean, [143.101, 151.305, 144.877])).toBeLessThan(1)
    expect(Math.abs(valid - 0.596)).toBeLessThan(0.005)
  })

  const hostile = realData('hostile')
  test.runIf(hostile)(
    'a hostile file in place of a PVI is a picture or a reason that names it',
    async () => {
      const granule = await granuleOf(FULL)
      const files = readdirSync(hostile ?? '').filter((name) => name !== 'FILES.tsv')
      const outcomes = { picture: 0, reason: 0 }
      for (const name of files) {
        const bytes = readFileSync(join(hostile ?? '', name))
        const { draw } = open((key) => (isPreview(key) ? bytes : /B0\d/.test(key) ? 'gone' : undefined))
        try {
          await decode((await draw(granule, PNG)).bytes)
          outcomes.picture++
        } catch (thrown) {
          expect(thrown, name).toMatchObject({
            code: 'bad-image',
            message: expect.stringContaining('_PVI.jp2 '),
          })
          outcomes.reason++
        }
      }
      expect(outcomes.picture + outcomes.reason).toBe(files.length)
      expect(outcomes.reason).toBeGreaterThan(100)
      expect((await open().draw(granule, PNG)).from).toBe('preview')
    },
    120_000,
  )
})
