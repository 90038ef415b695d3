import { hostileText } from './hostile-texts.ts'
import type { Random } from './random.ts'

type Position = readonly number[]

/** A GeoJSON geometry as clients send it, small and near the sample. */
export function goodShape(random: Random): object {
  const [x, y] = [random.between(11, 14), random.between(54.5, 56.5)]
  const size = 10 ** random.between(-3, 0)
  const ring = [
    [x, y],
    [x + size, y],
    [x + size, y + size],
    [x, y],
  ]
  return random.pick<() => object>([
    () => ({ type: 'Point', coordinates: [x, y] }),
    () => ({ type: 'MultiPoint', coordinates: ring }),
    () => ({ type: 'LineString', coordinates: ring.slice(0, 3) }),
    () => ({ type: 'Polygon', coordinates: [ring] }),
    () => ({ type: 'Polygon', coordinates: [ring] }),
    () => ({ type: 'MultiPolygon', coordinates: [[ring]] }),
    () => ({ type: 'Feature', properties: null, geometry: { type: 'Polygon', coordinates: [ring] } }),
    () => ({ type: 'GeometryCollection', geometries: [{ type: 'Polygon', coordinates: [ring] }] }),
  ])()
}

/** A shape that is wrong somewhere, or right and strange. */
export function strangeShape(random: Random): unknown {
  const coordinates = strangeRings(random)
  return random.pick<() => unknown>([
    () => ({ type: 'Polygon', coordinates }),
    () => ({ type: 'Polygon', coordinates }),
    () => ({ type: 'MultiPolygon', coordinates: [coordinates, coordinates] }),
    () => ({ type: 'LineString', coordinates: coordinates[0] }),
    () => ({ type: 'MultiPoint', coordinates: coordinates[0] }),
    () => ({ type: 'Point', coordinates: coordinates[0]?.[0] }),
    () => ({
      type: 'Point',
      coordinates: random.pick<unknown>([null, {}, '1,2', [], [1], [[1, 2]], ['1', '2']]),
    }),
    () => ({ type: random.pick(['polygon', '__proto__', 'toString', '', 5, null]), coordinates }),
    () => ({ type: 'GeometryCollection', geometries: random.pick<unknown>([[], null, {}, [null], [[]]]) }),
    () => ({
      type: 'FeatureCollection',
      features: random.pick<unknown>([[], {}, [null], [{ type: 'Feature' }]]),
    }),
    () => ({ type: 'Feature', geometry: random.pick<unknown>([null, [], 'Point', { type: 'Feature' }]) }),
    () => ({ type: 'Polygon', coordinates: { 0: coordinates[0], length: 1 } }),
    () => ({
      type: 'Polygon',
      coordinates,
      crs: { type: 'name', properties: { name: hostileText(random) } },
    }),
    () => nested(random, { type: 'Polygon', coordinates }),
    () => random.pick<unknown>([null, [], 5, 'POLYGON((0 0,1 0,1 1,0 0))', true, {}]),
  ])()
}

/** Rings that cross themselves, turn back, repeat, lie at poles and on the antimeridian, or hold what is no number. */
function strangeRings(random: Random): Position[][] {
  const [x, y] = [random.between(-180, 180), random.between(-90, 90)]
  const grid = () => [random.below(5), random.below(5)]
  return random.pick<() => Position[][]>([
    () => [
      [
        [x, y],
        [x + 1, y + 1],
        [x + 1, y],
        [x, y + 1],
        [x, y],
      ],
    ],
    () => [
      [
        [x, y],
        [x, y],
        [x, y],
        [x, y],
      ],
    ],
    () => [
      [
        [x, y],
        [x + 1, y],
        [x, y],
        [x + 1, y],
        [x, y],
      ],
    ],
    () => [
      [
        [x, y],
        [x + 1, y],
      ],
    ],
    () => [
      [
        [x, y],
        [x + 1, y],
        [x + 1, y + 1],
      ],
    ],
    () => [[]],
    () => [],
    () => [
      [
        [-180, -90],
        [180, -90],
        [180, 90],
        [-180, 90],
        [-180, -90],
      ],
    ],
    () => [
      [
        [179, 0],
        [-179, 0],
        [-179, 1],
        [179, 1],
        [179, 0],
      ],
    ],
    () => [
      [
        [0, 89.9999],
        [120, 89.9999],
        [-120, 89.9999],
        [0, 89.9999],
      ],
    ],
    () => [
      [
        [1e308, 0],
        [-1e308, 1],
        [0, -1e308],
        [1e308, 0],
      ],
    ],
    () => [
      [
        [x, y, 5, 6, 7],
        [x + 1, y],
        [x + 1, y + 1],
        [x, y, 5, 6, 7],
      ],
    ],
    () => [
      [
        [x, y],
        [x + 1e-12, y],
        [x + 1e-12, y + 1e-12],
        [x, y],
      ],
    ],
    () => [
      [
        [-0, 0],
        [0, -0],
        [-0, -0],
        [-0, 0],
      ],
    ],
    () => {
      const ring = Array.from({ length: 3 + random.below(12) }, grid)
      return [
        [...ring, ring[0] ?? []],
        [
          [1, 1],
          [2, 1],
          [2, 2],
          [1, 1],
        ],
      ]
    },
    () => {
      const ring = Array.from({ length: 3 + random.below(200) }, () => [
        random.between(-180, 180),
        random.between(-90, 90),
      ])
      return [[...ring, ring[0] ?? []]]
    },
  ])()
}

function nested(random: Random, inside: object): object {
  let shape: object = inside
  for (let depth = random.below(60); depth > 0; depth--)
    shape = { type: 'GeometryCollection', geometries: [shape] }
  return shape
}
