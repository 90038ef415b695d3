import { describe, expect, it } from 'vitest'
import { itemIdOf, parseItemId } from '../../../src/http/stac/item-id.ts'
import { folderName } from '../../../src/sentinel2/granule.ts'
import { formatTime } from '../../../src/sentinel2/time.ts'
import { L1C, L2A, LONG } from './granules.ts'

describe("an item's id", () => {
  it("is its product's name, which tells where to look", () => {
    expect(itemIdOf(L2A)).toBe(folderName(L2A.place))
    const id = parseItemId(itemIdOf(L2A))
    expect(id).toMatchObject({ form: 'compact', level: 'L2A', mgrsTile: '29UNU' })
    if (id?.form === 'compact') expect(formatTime(id.start)).toBe('2022-10-05T11:54:11.000Z')
  })

  it("is the granule's name in the long form, whose folders do not tell products apart", () => {
    expect(itemIdOf(LONG)).toBe(LONG.granuleId)
    expect(parseItemId(LONG.granuleId)).toEqual({
      form: 'long',
      level: 'L1C',
      mgrsTile: '53HPV',
      granuleId: LONG.granuleId,
    })
  })

  it("is the granule's name where the folder is of no form", () => {
    expect(itemIdOf({ ...L1C, place: 'tiles/32/T/NM/odd.SAFE' })).toBe(L1C.granuleId)
    const id = parseItemId(L1C.granuleId)
    expect(id).toMatchObject({ form: 'named', level: 'L1C', mgrsTile: '32TNM' })
    if (id?.form === 'named') expect(formatTime(id.start)).toBe('2017-02-26T10:24:58.000Z')
  })

  it('is none of a product that holds many tiles, of a tile that is none', () => {
    for (const text of [
      '',
      'x',
      LONG.productId,
      L1C.granuleId.replace('T32', 'T99'),
      folderName(L2A.place).replace('T29', 'T99'),
    ]) {
      expect([text, parseItemId(text)]).toEqual([text, undefined])
    }
  })
})
