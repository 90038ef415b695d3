import type { HttpBindings } from '@hono/node-server'
import type { Session } from '../house.ts'

/** What handlers find in their context. */
export type Env = {
  /** The sockets of node:http stand behind the requests. */
  Bindings: HttpBindings
  /** The asker's own, where the path needs catalog or storage. */
  Variables: { session: Session }
}
