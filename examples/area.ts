/* The images of a box, all pages, with the typed client: npx node examples/area.ts http://127.0.0.1:8080 */
import { swathClient } from '../src/http/client.ts'

const [url = 'http://127.0.0.1:8080'] = process.argv.slice(2)
const client = swathClient(url)

let token: string | undefined
do {
  const response = await client.area.$get({
    query: { bbox: '11.8,54.9,14,56', cloud: 25, bands: 'TCI', limit: 3, format: 'geojson', token },
  })
  if (!response.ok) throw new Error(await response.text())
  const found = await response.json()
  // With format=geojson the answer is a FeatureCollection, else a list of paths.
  if (Array.isArray(found)) break
  for (const { properties } of found.features) {
    for (const { uri } of properties.images) console.log(properties.sensing_time, properties.cloud_cover, uri)
  }
  const next = /<([^>]+)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1]
  token = next === undefined ? undefined : (new URL(next).searchParams.get('token') ?? undefined)
} while (token !== undefined)
