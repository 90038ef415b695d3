import type { z } from 'zod'

/** One route of the service, as the OpenAPI document tells of it. */
export type Operation = {
  readonly method: 'get' | 'post'
  /** `/granules/{granule_id}`. */
  readonly path: string
  /** A verb and what it yields: the names that clients made from the document give to their functions. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** In the path and in the address behind it; a member for each. */
  readonly inPath?: z.ZodObject
  readonly inQuery?: z.ZodObject
  /** What is posted: the name of its schema, by media type. */
  readonly posted?: Readonly<Record<string, string>>
  /** Whether an empty body will do. */
  readonly mayPostNothing?: true
  readonly answer: Answer
  /** Statuses of its failures. */
  readonly failures: readonly number[]
}

export type Answer = {
  readonly status: 200 | 307
  readonly description: string
  /** By media type. */
  readonly content: Readonly<Record<string, Content>>
  /** Names of headers that are described once for all. */
  readonly headers?: readonly string[]
}

/** A schema by its name; lines of which each fits one; or a text or picture of which no schema tells more. */
export type Content = { readonly schema: string } | { readonly lines: string } | { readonly plain: string }
