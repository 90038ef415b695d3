import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { comesTrue, killServices, serve, storeIn } from './home.ts'

const LIST = '/area?bbox=11.8,54.9,14,56&limit=3&bands=TCI'
const rank = (stride: number) => `/area?bbox=11.8,54.9,14,56&rank=blue&limit=5&format=csv&stride=${stride}`

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  await killServices()
  await folder.remove()
})

/** For all files, sockets and threads of the service. */
const MOST = 64
const start = () => serve({ SWATH_STORE: `sqlite:${join(folder.path, 'store.sqlite')}` }, `ulimit -n ${MOST}`)

test('connections that take all descriptors cost those who come too late theirs, and nothing once they are gone', async () => {
  const service = await start()
  const wanted = await service.ask(LIST)
  expect(wanted?.status).toBe(200)
  const port = Number(new URL(service.url).port)
  const idle = Array.from({ length: 120 }, () =>
    new Socket().on('error', () => {}).connect(port, '127.0.0.1'),
  )
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  await sleep(300)
  // Taken and cut, or not taken: no answer that is wrong.
  const late = await Promise.all(Array.from({ length: 5 }, () => service.ask(LIST)))
  for (const answer of late) if (answer) expect(answer).toEqual(wanted)
  expect(service.child.exitCode).toBeNull()
  for (const socket of idle) socket.destroy()
  expect(await comesTrue(async () => (await service.ask(LIST))?.status === 200)).toBe(true)
  expect(await service.ask(LIST)).toEqual(wanted)
  expect((await service.ask(rank(16)))?.status).toBe(200)
  expect((await service.stop()).code).toBe(0)
  expect(storeIn(join(folder.path, 'store.sqlite'))).toEqual({ integrity: 'ok', colours: 5 })
}, 120_000)

test('more work at once than descriptors is refused with a sentence, and goes through when it comes again', async (context) => {
  const service = await start()
  const descriptors = `/proc/${service.pid}/fd`
  if (!existsSync(descriptors)) return context.skip('the system tells no open files of a process')
  const wanted = await service.ask(rank(16))
  expect(wanted?.status).toBe(200)
  // All but one, which is then the connection of who asks.
  const idle: Socket[] = []
  while (readdirSync(descriptors).length < MOST - 1) {
    idle.push(new Socket().on('error', () => {}).connect(Number(new URL(service.url).port), '127.0.0.1'))
    await sleep(20)
  }
  const refused = await service.ask(rank(64))
  expect(refused?.status).toBe(503)
  expect(refused?.text).toMatch(/EMFILE.*ulimit -n/)
  for (const socket of idle) socket.destroy()
  expect(await comesTrue(async () => (await service.ask(rank(64)))?.status === 200)).toBe(true)
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => service.ask(rank(1 + i))))
  const told = answers.filter((answer) => answer !== undefined)
  expect(told).not.toEqual([])
  for (const { status, text } of told) {
    expect([200, 503], text).toContain(status)
    if (status === 503) expect(text).toMatch(/EMFILE.*ulimit -n|asked again only in \d+ s/)
  }
  expect(await comesTrue(async () => (await service.ask(rank(17)))?.status === 200)).toBe(true)
  expect((await service.ask(rank(16)))?.text).toBe(wanted?.text)
  expect((await service.stop()).code).toBe(0)
  expect(storeIn(join(folder.path, 'store.sqlite')).integrity).toBe('ok')
}, 120_000)
