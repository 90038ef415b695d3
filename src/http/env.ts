import type { HttpBindings } from '@hono/node-server'
import type { Session } from '../house.ts'
import type { Level } from '../sentinel2/bands.ts'

/** What handlers find in their context. */
export type Env = {
  /** The sockets of node:http stand behind the requests. */
  Bindings: HttpBindings
  /** The asker's own, where the path needs catalog or storage. */
  Variables: {
    session: Session
    /** The levels that a search of STAC is about, once it is read. */
    levels?: readonly Level[]
  }
}
