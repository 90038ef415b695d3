import type { Context } from 'hono'
import type { Page } from '../../catalog/port.ts'
import type { Level } from '../../sentinel2/bands.ts'
import type { Env } from '../env.ts'
import { addressOf } from '../outside.ts'
import { GEOJSON_TYPE, JSON_TYPE } from './documents.ts'
import { collectionPlace, stacRoot } from './places.ts'
import type { StacQuery } from './search-query.ts'
import { writeToken } from './token.ts'

/** A link of a STAC answer. */
export type Link = {
  readonly rel: string
  readonly href: string
  readonly type: string
  readonly method?: 'GET' | 'POST'
  /** All that is posted to follow it. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Whether the body stands beside what was posted before; ours stand alone. */
  readonly merge?: boolean
}

/** Where the service stands, `http://host:port`. */
export const baseOf = (c: Context<Env>): string => c.var.origin

/** What is told of a page beside its items. */
export type PageTold = {
  /** The collection in the path. */
  readonly level: Level | undefined
  /** The body of a POST, without its token. */
  readonly posted: Link['body'] | undefined
  /** Of the next page, where there is one. */
  readonly token: string | undefined
}

/** Links of a page of items: of this page, to the landing page, to its collection and to the next page. */
export function pageLinks(c: Context<Env>, { level, posted, token }: PageTold): Link[] {
  const address = addressOf(c)
  const base = address.origin
  const root: Link = { rel: 'root', href: stacRoot(base), type: JSON_TYPE }
  const collection: Link[] = level
    ? [{ rel: 'collection', href: collectionPlace(base, level), type: JSON_TYPE }]
    : []
  if (!posted) {
    const self: Link = { rel: 'self', href: address.href, type: GEOJSON_TYPE }
    const next: Link[] =
      token === undefined
        ? []
        : [{ rel: 'next', href: nextAddress(c, token), type: GEOJSON_TYPE, method: 'GET' }]
    return [self, root, ...collection, ...next]
  }
  address.search = ''
  const asked = { href: address.href, type: GEOJSON_TYPE, method: 'POST' } as const
  const self: Link = { rel: 'self', ...asked }
  if (token === undefined) return [self, root]
  return [self, root, { rel: 'next', ...asked, body: { ...posted, token }, merge: false }]
}

/** The address of the next page of a GET. */
function nextAddress(c: Context<Env>, token: string): string {
  const address = addressOf(c)
  address.searchParams.set('token', token)
  return address.href
}

/** The token of the page that follows one; undefined where none does. */
export const tokenOf = (
  { fingerprint }: Pick<StacQuery, 'fingerprint'>,
  { next }: Pick<Page, 'next'>,
): string | undefined => next && writeToken(fingerprint, next, Date.now())

/** Tells of the next page in the head of the answer, too; not of a POST's, for no header tells what to post. */
export function linkNext(c: Context<Env>, token: string | undefined): void {
  if (token !== undefined && c.req.method !== 'POST')
    c.header('Link', `<${nextAddress(c, token)}>; rel="next"`)
}
