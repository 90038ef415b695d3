import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { Env } from '../env.ts'
import { baseOf } from './links.ts'
import { hourOf } from './token.ts'

/**
 * Names the answer that a question has now: by the index, the hour, since tokens are of one and colours are
 * made meanwhile, and by where its links lead. Undefined where the catalog does not tell when it changes.
 * @param asked all that tells one question from another of the same path
 * @throws {Fault} as Catalog.check
 */
export async function entityTag(c: Context<Env>, asked: readonly unknown[]): Promise<string | undefined> {
  const { catalog } = c.var.session
  // What a catalog tells of itself is as old as its last answer, and nothing else may have been asked since.
  if (c.req.header('If-None-Match') !== undefined) await catalog.check(c.req.raw.signal)
  const freshness = catalog.freshness()
  if (!freshness) return undefined
  const told = [freshness.updatedAt, hourOf(Date.now()), baseOf(c), c.req.path, asked]
  const digest = createHash('sha256').update(JSON.stringify(told)).digest('base64url')
  return `W/"${digest.slice(0, 22)}"`
}

/** Whether the asker holds the answer of this tag already; none is held of a POST (RFC 9110, 13.1.2). */
export function isKnown(c: Context, tag: string | undefined): boolean {
  const held = c.req.header('If-None-Match')
  if (tag === undefined || held === undefined || c.req.method === 'POST') return false
  const opaque = (text: string) => text.trim().replace(/^W\//, '')
  return held.trim() === '*' || held.split(',').some((one) => opaque(one) === opaque(tag))
}
