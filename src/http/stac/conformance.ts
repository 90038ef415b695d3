const STAC = 'https://api.stacspec.org/v1.0.0'
const FEATURES = 'http://www.opengis.net/spec/ogcapi-features-1/1.0/conf'
const FILTERING = 'http://www.opengis.net/spec/ogcapi-features-3/1.0/conf'
const CQL2 = 'http://www.opengis.net/spec/cql2/1.0/conf'

/**
 * What the API keeps to. Not oas30 of OGC API Features, whose description is OpenAPI 3.0 where ours is 3.1.
 */
export const CONFORMANCE: readonly string[] = [
  `${STAC}/core`,
  `${STAC}/collections`,
  `${STAC}/ogcapi-features`,
  `${STAC}/ogcapi-features#fields`,
  `${STAC}/ogcapi-features#query`,
  `${STAC}/ogcapi-features#sort`,
  `${STAC}/browseable`,
  `${STAC}/item-search`,
  `${STAC}/item-search#fields`,
  `${STAC}/item-search#filter`,
  `${STAC}/item-search#query`,
  `${STAC}/item-search#sort`,
  `${FEATURES}/core`,
  `${FEATURES}/geojson`,
  `${FILTERING}/filter`,
  `${FILTERING}/features-filter`,
  `${CQL2}/basic-cql2`,
  `${CQL2}/advanced-comparison-operators`,
  `${CQL2}/cql2-json`,
  `${CQL2}/cql2-text`,
]
