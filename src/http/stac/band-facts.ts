import type { Band } from '../../sentinel2/bands.ts'

type Reflectance = Exclude<Band, 'TCI' | 'AOT' | 'WVP' | 'SCL'>

/** What is told of one band of an asset. */
export type BandFacts = {
  readonly name: string
  readonly description: string
  readonly 'eo:common_name'?: string
  /** Micrometres. */
  readonly 'eo:center_wavelength'?: number
  /** Micrometres. */
  readonly 'eo:full_width_half_max'?: number
}

/**
 * Name of the asset, common name of the extension eo, centre and width in nanometres, title. Source: ESA Sentinel-2
 * User Handbook (2015) 2.2 and PSD 15, nominal bands of the MSI, which hold for all satellites; their measured
 * responses differ by some nanometres.
 */
const REFLECTANCE = {
  B01: ['coastal', 'coastal', 443, 20, 'Coastal aerosol'],
  B02: ['blue', 'blue', 490, 65, 'Blue'],
  B03: ['green', 'green', 560, 35, 'Green'],
  B04: ['red', 'red', 665, 30, 'Red'],
  B05: ['rededge1', 'rededge071', 705, 15, 'Red edge 1'],
  B06: ['rededge2', 'rededge075', 740, 15, 'Red edge 2'],
  B07: ['rededge3', 'rededge078', 783, 20, 'Red edge 3'],
  B08: ['nir', 'nir', 842, 115, 'Near infrared'],
  B8A: ['nir08', 'nir08', 865, 20, 'Near infrared, narrow'],
  B09: ['nir09', 'nir09', 945, 20, 'Water vapour'],
  B10: ['cirrus', 'cirrus', 1375, 30, 'Cirrus'],
  B11: ['swir16', 'swir16', 1610, 90, 'Short-wave infrared 1.6 μm'],
  B12: ['swir22', 'swir22', 2190, 180, 'Short-wave infrared 2.2 μm'],
} as const satisfies Record<Reflectance, readonly [string, string, number, number, string]>

const LAYERS = {
  TCI: { key: 'visual', title: 'True colour' },
  AOT: { key: 'aot', title: 'Aerosol optical thickness' },
  WVP: { key: 'wvp', title: 'Water vapour column' },
  SCL: { key: 'scl', title: 'Scene classification' },
} as const satisfies Record<Exclude<Band, Reflectance>, { readonly key: string; readonly title: string }>

export const isReflectance = (band: Band): band is Reflectance => band in REFLECTANCE

/** The name of the asset that is a band's image in its finest resolution, as others call it, and its title. */
export function assetNameOf(band: Band): { readonly key: string; readonly title: string } {
  if (!isReflectance(band)) return LAYERS[band]
  const [key, , , , title] = REFLECTANCE[band]
  return { key, title }
}

/** The bands of an image, in order: three of the true colour image, else itself. */
export function bandsOf(band: Band): readonly BandFacts[] {
  if (band === 'TCI') return [factsOf('B04'), factsOf('B03'), factsOf('B02')]
  return isReflectance(band) ? [factsOf(band)] : [{ name: band, description: LAYERS[band].title }]
}

/** What a band is called, which is all that readers need to find it. */
export const calledAs = ({ name, 'eo:common_name': common }: BandFacts): Omit<BandFacts, 'description'> =>
  common === undefined ? { name } : { name, 'eo:common_name': common }

function factsOf(band: Reflectance): BandFacts {
  const [, common, centre, width, title] = REFLECTANCE[band]
  return {
    name: band,
    description: title,
    'eo:common_name': common,
    'eo:center_wavelength': centre / 1000,
    'eo:full_width_half_max': width / 1000,
  }
}
