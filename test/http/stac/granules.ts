import type { Granule } from '../../../src/sentinel2/granule.ts'
import { parseTime } from '../../../src/sentinel2/time.ts'

const micros = (text: string): number => parseTime(text) ?? Number.NaN

/** Real names, as the archive has them. */
export const L2A: Granule = {
  granuleId: 'L2A_T29UNU_A038058_20221005T115407',
  productId: 'S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454',
  level: 'L2A',
  mgrsTile: '29UNU',
  sensingTime: micros('2022-10-05T11:54:07.123456Z'),
  generationTime: micros('2022-10-05T16:44:54Z'),
  baseline: '04.00',
  datatake: 'GS2A_20221005T115411_038058_N04.00',
  cloudCover: 21.5,
  totalSize: 900_000_000,
  quality: 'PASSED',
  box: [-8.2, 52.3, -7.4, 53.2],
  place: 'L2/tiles/29/U/NU/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE',
}

export const L1C: Granule = {
  ...L2A,
  granuleId: 'L1C_T32TNM_A008785_20170226T102458',
  productId: 'S2A_MSIL1C_20170226T102021_N0204_R065_T32TNM_20170226T102458',
  level: 'L1C',
  mgrsTile: '32TNM',
  sensingTime: micros('2017-02-26T10:24:58Z'),
  generationTime: micros('2017-02-26T10:24:58Z'),
  baseline: '02.04',
  datatake: 'GS2A_20170226T102021_008785_N02.04',
  box: undefined,
  place: 'tiles/32/T/NM/S2A_MSIL1C_20170226T102021_N0204_R065_T32TNM_20170226T102458.SAFE',
}

/** Before 2016-12-06: its folder is called after the sensing. */
export const LONG: Granule = {
  ...L1C,
  granuleId: 'S2A_OPER_MSI_L1C_TL_SGS__20160905T073438_A006291_T53HPV_N02.04',
  productId: 'S2A_OPER_PRD_MSIL1C_PDMC_20160905T104813_R002_V20160905T005712_20160905T010424',
  mgrsTile: '53HPV',
  sensingTime: micros('2016-09-05T00:57:12Z'),
  generationTime: micros('2016-09-05T10:48:13Z'),
  datatake: 'GS2A_20160905T005712_006291_N02.04',
  place: 'tiles/53/H/PV/S2A_MSIL1C_20160905T005712_N0204_R002_T53HPV_20160905T010424.SAFE',
}

/** The granule at another tile, its names with it. */
export function atTile(granule: Granule, mgrsTile: string): Granule {
  const moved = (text: string) => text.replaceAll(`T${granule.mgrsTile}`, `T${mgrsTile}`)
  const folder = (tile: string) => `${tile.slice(0, 2)}/${tile.slice(2, 3)}/${tile.slice(3)}/`
  return {
    ...granule,
    mgrsTile,
    granuleId: moved(granule.granuleId),
    productId: moved(granule.productId),
    box: undefined,
    place: moved(granule.place).replace(folder(granule.mgrsTile), folder(mgrsTile)),
  }
}

/** What the catalog may not know. */
export const UNKNOWN: Partial<Granule> = {
  generationTime: undefined,
  baseline: undefined,
  datatake: undefined,
  cloudCover: undefined,
  totalSize: undefined,
  quality: undefined,
  box: undefined,
}
