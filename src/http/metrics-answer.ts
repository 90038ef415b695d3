import type { Context } from 'hono'
import type { House } from '../house.ts'
import type { Env } from './env.ts'
import { refuseParameters } from './no-parameters.ts'

/** Of Prometheus, the text form. */
const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** `/metrics`: of this process. */
export async function metricsAnswer(c: Context<Env>, { seeing }: House): Promise<Response> {
  refuseParameters(c)
  return c.body(await seeing.metrics(), 200, { 'Content-Type': TYPE, 'Cache-Control': 'no-store' })
}
