import type { Plan } from './granules.ts'

/** Every name of a granule and its product, as the archive would write them. */
export type Names = {
  readonly granuleId: string
  /** Without `.SAFE`. */
  readonly productId: string
  readonly datatake: string
  /** Key of the product's folder, `tiles/33/U/UB/….SAFE`. */
  readonly place: string
  /** Name of an image file; the resolution, metres, stands in those of L2A alone. */
  image(band: string, resolution?: number): string
  readonly preview: string
  readonly tileMetadata: string
  /** The mask of clouds as it was before baseline 04.00. */
  readonly cloudMask: string
  /** The product's own metadata file; none in the long form. */
  readonly productMetadata: string | undefined
}

/** Grammar: ESA Sentinel-2 PSD 14, naming convention; folders of the long form as Google's bucket has them. */
export function nameGranule(plan: Plan): Names {
  const { satellite, level, tile, baseline } = plan
  const orbit = `A${String(plan.absoluteOrbit).padStart(6, '0')}`
  const track = `R${String(plan.relativeOrbit).padStart(3, '0')}`
  const digits = `N${baseline.replace('.', '')}`
  const datatake = `G${satellite}_${plan.start}_${orbit.slice(1)}_N${baseline}`
  const root = level === 'L2A' ? 'L2/tiles' : 'tiles'
  const folder = `${root}/${tile.slice(0, 2)}/${tile.slice(2, 3)}/${tile.slice(3)}`
  if (plan.form === 'long') {
    const sensed = plan.sensing.slice(0, 19).replaceAll(/[-:]/g, '')
    const stem = `L1C_TL_SGS__${plan.granuleTime}_${orbit}_T${tile}`
    return {
      granuleId: `${satellite}_OPER_MSI_${stem}_N${baseline}`,
      productId: `${satellite}_OPER_PRD_MSIL1C_PDMC_${plan.generation}_${track}_V${sensed}_${sensed}`,
      datatake,
      place: `${folder}/${satellite}_MSIL1C_${sensed}_${digits}_${track}_T${tile}_${plan.generation}.SAFE`,
      image: (band) => `${satellite}_OPER_MSI_${stem}_${band}.jp2`,
      preview: `${satellite}_OPER_PVI_${stem}.jp2`,
      tileMetadata: `${satellite}_OPER_MTD_${stem}.xml`,
      cloudMask: `${satellite}_OPER_MSK_CLOUDS_${stem.slice('L1C_TL_'.length)}_B00_MSIL1C.gml`,
      productMetadata: undefined,
    }
  }
  const productId = `${satellite}_MSI${level}_${plan.start}_${digits}_${track}_T${tile}_${plan.generation}`
  return {
    granuleId: `${level}_T${tile}_${orbit}_${plan.granuleTime}`,
    productId,
    datatake,
    place: `${folder}/${productId}.SAFE`,
    image: (band, resolution) =>
      `T${tile}_${plan.start}_${band}${resolution === undefined ? '' : `_${resolution}m`}.jp2`,
    preview: `T${tile}_${plan.start}_PVI.jp2`,
    tileMetadata: 'MTD_TL.xml',
    cloudMask: 'MSK_CLOUDS_B00.gml',
    productMetadata: `MTD_MSI${level}.xml`,
  }
}
