/*
 * Universal Transverse Mercator on WGS 84 to longitude and latitude, by Krüger's series to the fourth order
 * of the third flattening: C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers",
 * J. Geodesy 85 (2011), eqs. 7–15 and 36; below a millimetre inside a zone and its neighbours, which is far
 * more than a tile's edge needs.
 */

const FLATTENING = 1 / 298.257223563
const N = FLATTENING / (2 - FLATTENING)
const SCALE = 0.9996
const FALSE_EASTING = 500_000
const FALSE_NORTHING_SOUTH = 10_000_000
/** Radius of the rectifying sphere times the scale of the central meridian, metres. */
const RADIUS = ((SCALE * 6_378_137) / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64)
const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING))
const DEGREES = 180 / Math.PI

const BETA = [
  N / 2 - (2 / 3) * N ** 2 + (37 / 96) * N ** 3 - N ** 4 / 360,
  N ** 2 / 48 + N ** 3 / 15 - (437 / 1440) * N ** 4,
  (17 / 480) * N ** 3 - (37 / 840) * N ** 4,
  (4397 / 161280) * N ** 4,
]

export type Hemisphere = 'north' | 'south'

/** Central meridian of a zone, 1 to 60, degrees. */
export const centralMeridian = (zone: number): number => zone * 6 - 183

/**
 * Longitude and latitude, degrees, of a point in a zone; metres, with the false northing of the south.
 * Longitudes are counted on from the zone's central meridian, so they may pass ±180.
 */
export function utmToLonLat(
  zone: number,
  hemisphere: Hemisphere,
  easting: number,
  northing: number,
): [lon: number, lat: number] {
  const xi = (northing - (hemisphere === 'south' ? FALSE_NORTHING_SOUTH : 0)) / RADIUS
  const eta = (easting - FALSE_EASTING) / RADIUS
  let xiRound = xi
  let etaRound = eta
  BETA.forEach((b, i) => {
    const k = 2 * (i + 1)
    xiRound -= b * Math.sin(k * xi) * Math.cosh(k * eta)
    etaRound -= b * Math.cos(k * xi) * Math.sinh(k * eta)
  })
  const sinhEta = Math.sinh(etaRound)
  const cosXi = Math.cos(xiRound)
  const tanConformal = Math.sin(xiRound) / Math.hypot(sinhEta, cosXi)
  const lon = centralMeridian(zone) + Math.atan2(sinhEta, cosXi) * DEGREES
  return [lon, Math.atan(geodeticTangent(tanConformal)) * DEGREES]
}

/** Tangent of the conformal latitude from that of the geodetic one: Karney 2011, eqs. 7–9. */
function conformalTangent(tau: number): number {
  const secant = Math.hypot(1, tau)
  const sigma = Math.sinh(ECCENTRICITY * Math.atanh((ECCENTRICITY * tau) / secant))
  return tau * Math.hypot(1, sigma) - sigma * secant
}

/** The inverse of conformalTangent by Newton's method: Karney 2011, eqs. 19–21; two or three steps do. */
function geodeticTangent(conformal: number): number {
  let tau = conformal / (1 - ECCENTRICITY ** 2)
  for (let step = 0; step < 5; step++) {
    const guess = conformalTangent(tau)
    const slope =
      ((1 - ECCENTRICITY ** 2) * Math.hypot(1, guess) * Math.hypot(1, tau)) /
      (1 + (1 - ECCENTRICITY ** 2) * tau ** 2)
    const delta = (conformal - guess) / slope
    tau += delta
    if (Math.abs(delta) < 1e-14 * Math.hypot(1, tau)) break
  }
  return tau
}
