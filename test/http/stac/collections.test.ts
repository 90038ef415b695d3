import { describe, expect, it } from 'vitest'
import { COLLECTIONS, collectionOf, levelOfCollection } from '../../../src/http/stac/collections.ts'
import { CONFORMANCE } from '../../../src/http/stac/conformance.ts'
import { itemOf } from '../../../src/http/stac/item.ts'
import { conformanceDocument, landingPage } from '../../../src/http/stac/landing.ts'
import { LEVELS } from '../../../src/sentinel2/bands.ts'
import { atTile, L1C, L2A, LONG } from './granules.ts'
import { faultsOf } from './validate.ts'

const BASE = 'https://swath.example'
const FRESHNESS = { newestSensing: L2A.sensingTime, newestGeneration: undefined, completeUpTo: undefined }

describe('a collection', () => {
  for (const level of LEVELS) {
    it(`keeps to the schemas: ${level}`, async () => {
      expect(await faultsOf(collectionOf(level, { base: BASE }))).toEqual([])
      expect(await faultsOf(collectionOf(level, { base: BASE, freshness: FRESHNESS }))).toEqual([])
    })
  }

  it('fails the schemas where it is wrong', async () => {
    const faults = await faultsOf({ ...collectionOf('L1C', { base: BASE }), license: 'free', links: [] })
    expect(faults.join('\n')).toMatch(/\/license[\s\S]*\/links/)
  })

  it('ends with the newest image that is known, or is open', () => {
    const interval = (freshness?: typeof FRESHNESS) => collectionOf('L2A', { base: BASE, freshness }).extent
    expect(interval()).toMatchObject({ temporal: { interval: [['2015-06-27T00:00:00.000Z', null]] } })
    expect(interval(FRESHNESS)).toMatchObject({
      temporal: { interval: [['2015-06-27T00:00:00.000Z', '2022-10-05T11:54:07.123456Z']] },
    })
  })

  it('announces the assets of its items, with what all of them have and their titles', () => {
    for (const granule of [L1C, { ...L2A, baseline: '05.11' }, LONG, atTile(L2A, '01CCV')]) {
      const announced = collectionOf(granule.level, { base: BASE }).item_assets
      const { assets } = itemOf(granule, { base: BASE, bucket: 'b' })
      for (const [key, asset] of Object.entries(assets)) {
        const kind = Object(announced)[key] ?? { missing: key }
        const shared = Object.entries(asset).filter(([name]) => name in kind)
        expect(shared.map(([name]) => name)).toEqual(expect.arrayContaining(['type', 'roles']))
        expect(kind).toMatchObject(Object.fromEntries(shared))
        expect(kind.title).toBeTruthy()
      }
    }
  })

  it('is the one of its level', () => {
    for (const level of LEVELS) expect(levelOfCollection(COLLECTIONS[level])).toBe(level)
    for (const id of ['sentinel-2', 'L1C', 'toString']) expect(levelOfCollection(id)).toBeUndefined()
  })
})

describe('the landing page', () => {
  it('keeps to the schemas', async () => {
    expect(await faultsOf(landingPage({ base: BASE, levels: LEVELS }))).toEqual([])
  })

  it('links to the collections there are, and to the search both ways', () => {
    const of = (rel: string) =>
      landingPage({ base: BASE, levels: ['L2A'] }).links.filter((link) => link.rel === rel)
    expect(of('child').map(({ href }) => href)).toEqual([`${BASE}/stac/collections/sentinel-2-l2a`])
    expect(of('search').map(({ method, href }) => `${method} ${href}`)).toEqual([
      `GET ${BASE}/stac/search`,
      `POST ${BASE}/stac/search`,
    ])
  })

  it('declares what the conformance document does, each once', () => {
    expect(landingPage({ base: BASE, levels: LEVELS }).conformsTo).toEqual(conformanceDocument().conformsTo)
    expect(new Set(CONFORMANCE).size).toBe(CONFORMANCE.length)
  })
})
