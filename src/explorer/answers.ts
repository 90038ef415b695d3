import type { MultiPolygon, Polygon } from 'geojson'
import type { Estimate } from '../estimate.ts'
import type { featureOf } from '../formats.ts'
import type { AreaSummary } from '../summarise-area.ts'

export type { AreaSummary, Estimate }

type Written = ReturnType<typeof featureOf>

/** A granule as `/area?format=geojson` writes it; colours only where it was ranked. */
export type Feature = Omit<Written, 'properties' | 'geometry'> & {
  readonly geometry: Polygon | MultiPolygon | null
  readonly properties: Written['properties'] & {
    readonly colour?: string | null
    readonly score?: number | null
    readonly reason?: string | null
  }
}

/** What `/granules/{granule_id}/colour` tells. */
export type Colour = {
  /** `#rrggbb`, as a screen shows it. */
  readonly colour: string
}

/** What was wrong with a request, in the service's own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly errors: readonly { readonly parameter: string; readonly message: string }[]
  constructor(message: string, errors: Refusal['errors'] = []) {
    super(message)
    this.errors = errors
  }
}

/**
 * The answer at an address, T being what the service promises there.
 * @throws {Refusal} what it says is wrong; or that it cannot be reached
 */
export async function ask<T>(address: string, signal: AbortSignal): Promise<T> {
  const response = await reach(address, signal)
  const answer: T = await response.json()
  return answer
}

/**
 * The granules of an area as they come, each a line of its own, and the token of the next page once it is known.
 * @throws {Refusal} as ask; also where the answer broke off
 */
export async function* readArea(
  parameters: URLSearchParams,
  signal: AbortSignal,
  told: { next?: string | undefined },
): AsyncGenerator<Feature> {
  const response = await reach(`/area?${parameters}`, signal)
  const link = /<([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1]
  told.next = link === undefined ? undefined : (new URL(link).searchParams.get('token') ?? undefined)
  for await (const line of eachLine(response, signal)) {
    if (line.startsWith('{"type":"Feature",')) yield readFeature(line)
  }
}

/** A line of `/area?format=geojson`, with the comma that parts it from the next. */
const readFeature = (line: string): Feature => JSON.parse(line.replace(/,$/, ''))

async function* eachLine(response: Response, signal: AbortSignal): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      const lines = (rest + step.value).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (thrown) {
    signal.throwIfAborted()
    throw new Refusal(`The list broke off before its end (${textOf(thrown)}). What came is shown; try again.`)
  } finally {
    reader?.releaseLock()
  }
  yield rest
}

async function reach(address: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(address, { signal }).catch((thrown: unknown) => {
    signal.throwIfAborted()
    throw new Refusal(`The service cannot be reached (${textOf(thrown)}). Is it still running?`)
  })
  if (response.ok) return response
  throw await refusalOf(response)
}

type Problem = { readonly detail?: string; readonly errors?: Refusal['errors'] }

async function refusalOf(response: Response): Promise<Refusal> {
  const problem: Problem = await response.json().catch(() => ({}))
  const wait = response.headers.get('Retry-After')
  const again = wait === null ? '' : ` Try again in ${wait} seconds.`
  const message = problem.detail ?? `The service answered ${response.status} ${response.statusText}.`
  return new Refusal(message + again, problem.errors)
}

const textOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
