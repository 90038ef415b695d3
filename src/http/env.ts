import type { HttpBindings } from '@hono/node-server'
import type { PieceTurns } from '../calls/piece-turns.ts'
import type { Session } from '../house.ts'
import type { SeenRequest } from '../seeing/port.ts'
import type { Level } from '../sentinel2/bands.ts'

/** What handlers find in their context. */
export type Env = {
  /** The sockets of node:http stand behind the requests. */
  Bindings: HttpBindings & {
    /** The status that the server told by itself in place of the answer; undefined of most. */
    readonly refusedWith?: () => number | undefined
  }
  /** The asker's own, where the path needs catalog or storage. */
  Variables: {
    /** Where the service stands for the asker, `https://host[:port]`. */
    origin: string
    /** This request, as it is counted and logged. */
    seen: SeenRequest
    session: Session
    /** Who asks, as far as that can be told: what they ask for takes turns with what others do. */
    client?: string
    /** Whose long answers are made when. */
    pieceTurns: PieceTurns
    /** Whether the body is written as its reader pulls it. */
    isPulled?: boolean
    /** The levels that a search of STAC is about, once it is read. */
    levels?: readonly Level[]
  }
}
