import type { OperationObject } from './document.ts'
import type { ParameterObject } from './parameters.ts'

/** Parameters that give an area; a route that takes some of them needs one area. */
const AREAS: readonly string[] = ['lat1', 'bbox', 'intersects']

/**
 * The address of an example, from the root on: what the route cannot do without, these parameters, and those
 * that they go with.
 */
export function exampleAddress(
  path: string,
  { parameters }: Pick<OperationObject, 'parameters'>,
  names: readonly string[] = [],
): string {
  const wanted = new Set(names)
  for (const { name, required } of parameters) if (required) wanted.add(name)
  for (const name of wanted) for (const other of find(name)?.['x-goes-with'] ?? []) wanted.add(other)
  if (AREAS.every((name) => find(name)) && !AREAS.some((name) => wanted.has(name))) wanted.add('bbox')

  const query = new URLSearchParams()
  let filled = path
  for (const parameter of parameters) {
    if (!wanted.has(parameter.name) || parameter.example === undefined) continue
    const text = written(parameter)
    if (parameter.in === 'query') query.set(parameter.name, text)
    else filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(text))
  }
  // A comma may stand in a query as it is, and people read it better (RFC 3986, 3.4).
  return query.size > 0 ? `${filled}?${query.toString().replaceAll('%2C', ',')}` : filled

  function find(name: string): ParameterObject | undefined {
    return parameters.find((parameter) => parameter.name === name)
  }
}

/** The example of a parameter as it is written in an address. */
export const written = ({ example }: Pick<ParameterObject, 'example'>): string =>
  Array.isArray(example) ? example.join(',') : String(example)
