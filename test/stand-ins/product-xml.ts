import type { ProductMetadata } from '../../src/catalog/product-metadata.ts'
import { formatTime } from '../../src/sentinel2/time.ts'

/** MTD_MSIL1C.xml or MTD_MSIL2A.xml, as much of it as tells of a granule, in the form of real ones. */
export function productXml({ generationTime, datatake, cloudCover, quality, box }: ProductMetadata): string {
  const [west, south, east, north] = box ?? [0, 0, 0, 0]
  const corners = [
    [north, west],
    [north, east],
    [south, east],
    [south, west],
    [north, west],
  ]
  return `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-1C_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-1C.xsd">
  <n1:General_Info>
    <Product_Info>
      <GENERATION_TIME>${formatTime(generationTime ?? 0)}</GENERATION_TIME>
      <Datatake datatakeIdentifier="${datatake}">
        <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
      </Datatake>
    </Product_Info>
  </n1:General_Info>
  <n1:Geometric_Info>
    <Product_Footprint>
      <Product_Footprint>
        <Global_Footprint>
          <EXT_POS_LIST>${corners.flat().join(' ')} </EXT_POS_LIST>
        </Global_Footprint>
      </Product_Footprint>
    </Product_Footprint>
  </n1:Geometric_Info>
  <n1:Quality_Indicators_Info>
    <Cloud_Coverage_Assessment>${cloudCover}</Cloud_Coverage_Assessment>
    <Quality_Inspections>
      <quality_check checkType="FORMAT_CORRECTNESS">PASSED</quality_check>
      <quality_check checkType="GEOMETRIC_QUALITY">${quality}</quality_check>
      <quality_check checkType="GENERAL_QUALITY">PASSED</quality_check>
    </Quality_Inspections>
  </n1:Quality_Indicators_Info>
</n1:Level-1C_User_Product>
`
}

/** MTD_TL.xml of a granule. */
export const tileXml = ({ sensingTime, cloudCover }: ProductMetadata): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-1C_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-1C_Tile_Metadata.xsd">
  <n1:General_Info>
    <SENSING_TIME metadataLevel="Standard">${formatTime(sensingTime ?? 0)}</SENSING_TIME>
  </n1:General_Info>
  <n1:Quality_Indicators_Info metadataLevel="Standard">
    <Image_Content_QI>
      <CLOUDY_PIXEL_PERCENTAGE>${cloudCover}</CLOUDY_PIXEL_PERCENTAGE>
    </Image_Content_QI>
  </n1:Quality_Indicators_Info>
</n1:Level-1C_Tile_ID>
`
