import type { z } from 'zod'
import { Fault, type ParameterError } from './errors.ts'
import { clipped, unknownParameter } from './near-miss.ts'

/** Parameters as they were given: one value each, several where a name was repeated. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

export type Taken = {
  /** The first value of each known parameter. */
  readonly values: Readonly<Record<string, string>>
  /** One for each that is unknown or repeated. */
  readonly errors: readonly ParameterError[]
}

/** Unknown names that are told one by one; an address has room for many thousands. */
const MOST_TOLD = 20

/** Takes the known parameters out of those given, and names the rest. */
export function takeParameters(parameters: Parameters, known: readonly string[]): Taken {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const unknown = given.filter(([name]) => !known.includes(name))
  const told = new Set(unknown.slice(0, MOST_TOLD).map(([name]) => name))
  const errors = given.flatMap(([name, value]) => {
    if (told.has(name)) return [{ parameter: clipped(name), message: unknownParameter(name, known) }]
    if (!known.includes(name)) return []
    if (Array.isArray(value) && value.length > 1)
      return [{ parameter: name, message: `${name} is given ${value.length} times` }]
    return []
  })
  const [next] = unknown.slice(MOST_TOLD)
  if (next) {
    const more = `${unknown.length - MOST_TOLD} other names are no parameters either`
    errors.push({ parameter: clipped(next[0]), message: more })
  }
  const values = Object.fromEntries(
    given
      .filter(([name]) => known.includes(name))
      .map(([name, value]) => [name, typeof value === 'string' ? value : (value?.[0] ?? '')]),
  )
  return { values, errors }
}

/** What a schema of parameters found, by parameter. */
export const parameterErrors = ({ error }: z.ZodSafeParseResult<unknown>): ParameterError[] =>
  (error?.issues ?? []).map(({ path, message }) => {
    const parameter = String(path[0])
    return { parameter, message: `${parameter} ${message}` }
  })

/** The fault that names every bad parameter at once. */
export const badRequest = (errors: readonly ParameterError[]): Fault =>
  new Fault('bad-request', `The query is wrong: ${errors.map(({ message }) => message).join('; ')}.`, {
    errors,
  })
