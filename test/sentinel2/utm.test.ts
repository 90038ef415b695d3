import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { centralMeridian, utmToLonLat } from '../../src/sentinel2/utm.ts'
import { fromUtm } from './tile-oracle.ts'

/** Degrees of latitude. */
const MILLIMETRE_OF_LATITUDE = 1e-8

const anyHemisphere = fc.constantFrom('north' as const, 'south' as const)
const anyZone = fc.integer({ min: 1, max: 60 })

const epsgOf = (zone: number, hemisphere: 'north' | 'south') =>
  (hemisphere === 'north' ? 32600 : 32700) + zone

/** Longitudes as near to each other as whole turns allow. */
const turnsApart = (a: number, b: number): number => Math.abs(((((a - b + 180) % 360) + 360) % 360) - 180)

describe('UTM', () => {
  test('to longitude and latitude agrees with PROJ to a millimetre, past the edges of the zone too', () => {
    const easting = fc.double({ min: 90_000, max: 910_000, noNaN: true })
    const northing = fc.double({ min: -10_000, max: 9_330_000, noNaN: true })
    fc.assert(
      fc.property(anyZone, anyHemisphere, easting, northing, (zone, hemisphere, x, y) => {
        const shifted = hemisphere === 'north' ? y : 10_000_000 - y
        const [lon, lat] = utmToLonLat(zone, hemisphere, x, shifted)
        const [lonThere, latThere] = fromUtm(epsgOf(zone, hemisphere), x, shifted)
        expect(Math.abs(lat - latThere)).toBeLessThan(MILLIMETRE_OF_LATITUDE)
        expect(turnsApart(lon, lonThere) * Math.cos((lat * Math.PI) / 180)).toBeLessThan(
          MILLIMETRE_OF_LATITUDE,
        )
        expect(Math.abs(lon - centralMeridian(zone))).toBeLessThan(90)
      }),
      { numRuns: 2000 },
    )
  })

  test('zones count on from the antimeridian, and their longitudes may pass it', () => {
    expect([1, 31, 60].map(centralMeridian)).toEqual([-177, 3, 177])
    expect(utmToLonLat(60, 'south', 900_000, 8_000_000)[0]).toBeGreaterThan(180)
    expect(utmToLonLat(1, 'south', 100_000, 8_000_000)[0]).toBeLessThan(-180)
  })
})
