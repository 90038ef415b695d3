import type { Context } from 'hono'
import { Fault } from '../errors.ts'

/** For paths that take no parameters. @throws {Fault} bad-request naming each that is given */
export function refuseParameters(c: Context): void {
  const errors = Object.keys(c.req.queries()).map((parameter) => ({
    parameter,
    message: `${parameter} is no parameter`,
  }))
  if (errors.length === 0) return
  const names = errors.map(({ parameter }) => parameter).join(', ')
  throw new Fault('bad-request', `${c.req.path} takes no parameters; leave out ${names}.`, { errors })
}
