import type { TypedResponse } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/**
 * An answer whose JSON is of this type, where it is in JSON: of what is written piece by piece no type could be
 * inferred. Tests hold answers against the schemas that the types come from.
 */
export const typedAnswer = <T>(
  response: Response,
): Response & TypedResponse<T, ContentfulStatusCode, 'json'> =>
  response as Response & TypedResponse<T, ContentfulStatusCode, 'json'>
