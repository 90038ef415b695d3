import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../src/config.ts'
import { startServing } from '../src/http/serving.ts'
import { atPortOfAll } from '../src/processes.ts'
import { openHouse } from '../src/wire.ts'
import { type Running, startSwath } from './cli/swath.ts'
import { type Temporary, temporaryFolder } from './temporary.ts'

let folder: Temporary
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  // A test that failed leaves its service running.
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await folder.remove()
})

const started: Running[] = []
const storeOf = ({ path }: Temporary) => `sqlite:${join(path, 'store.sqlite')}`

const SIDE_BY_SIDE = fileURLToPath(new URL('./side-by-side.ts', import.meta.url))
const GRANULE = 'L1C_T33UUB_A017537_20200715T102602'
const AREA = '/area?bbox=11.8,54.9,14,56&bands=TCI&limit=3'

/** The children of a process; undefined where the system does not tell. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
}
const NO_CHILDREN = 'the system tells no children of a process'
const tellsChildren = existsSync(`/proc/self/task/${process.pid}/children`)

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** Whether a process holds the socket that listens at a port (proc(5): state 0A of /proc/net/tcp). */
function listensAt(pid: number, port: string): boolean {
  const hex = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`
  const sockets = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const inode = sockets.find(([, local, , state]) => local?.endsWith(hex) && state === '0A')?.[9]
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
    )
  } catch {
    return false
  }
}

async function until(holds: () => boolean | Promise<boolean>, ms: number): Promise<number> {
  const began = performance.now()
  while (!(await holds()) && performance.now() - began < ms) await sleep(10)
  return performance.now() - began
}

/** The status of an answer that came to its end; undefined of one that broke off. */
async function ask(url: string, agent?: Agent): Promise<number | undefined> {
  const request = get(url, agent ? { agent } : {})
  try {
    const [response] = await once(request, 'response')
    await text(response)
    return response.statusCode
  } catch {
    return undefined
  }
}

async function serving(processes: number, env: Record<string, string> = {}) {
  const running: Running = startSwath(['serve'], {
    PORT: '0',
    SWATH_PROCESSES: String(processes),
    SWATH_STORE: storeOf(folder),
    ...env,
  })
  started.push(running)
  await running.saw('swath is serving on')
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.shown())?.[0] ?? ''
  const pid = running.child.pid ?? 0
  const areListening = () =>
    childrenOf(pid).filter((worker) => listensAt(worker, new URL(url).port)).length === processes
  await until(() => !tellsChildren || areListening(), 10_000)
  return { ...running, url, pid, workers: () => childrenOf(pid) }
}

describe('a service of several processes', () => {
  test('greets once, answers, and ends whole at SIGTERM', async () => {
    const { child, url, shown, ended, workers } = await serving(3)
    const pids = workers()
    expect(await ask(`${url}${AREA}`)).toBe(200)
    expect(await ask(`${url}/readyz`)).toBe(200)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
    expect(shown().split('swath is serving on')).toHaveLength(2)
    expect(pids.filter(isAlive)).toEqual([])
    expect(await ask(`${url}/healthz`)).toBeUndefined()
  }, 30_000)

  test('loses no more than the answers of a process that is killed, and has another within a second', async (context) => {
    if (!tellsChildren) return context.skip(NO_CHILDREN)
    const { child, url, ended, workers } = await serving(2)
    const before = workers()
    let over = false
    const clients = Array.from({ length: 8 }, async (_, n) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const told: (number | undefined)[] = []
      for (let i = 0; !over; i++) {
        const path = (n + i) % 2 === 0 ? AREA : `/granules/${GRANULE}/colour?stride=${1 + ((n * 7 + i) % 64)}`
        told.push(await ask(`${url}${path}`, agent))
      }
      agent.destroy()
      return told
    })
    await sleep(400)
    const [doomed = 0] = before
    process.kill(doomed, 'SIGKILL')
    const ms = await until(() => workers().filter((pid) => pid !== doomed).length === 2, 5000)
    expect(ms).toBeLessThan(1000)
    await sleep(1500)
    over = true
    const told = await Promise.all(clients)
    // Of each client at most what it was asking for when its process was killed.
    expect(told.map((answers) => answers.filter((status) => status !== 200).length > 1)).toEqual(
      Array(8).fill(false),
    )
    expect(told.flat().filter((status) => status !== 200 && status !== undefined)).toEqual([])
    expect(told.flat().length).toBeGreaterThan(12)

    // The new one answers by itself.
    const [other = 0] = before.filter((pid) => pid !== doomed)
    const [third = 0] = workers().filter((pid) => !before.includes(pid))
    await until(() => listensAt(third, new URL(url).port), 10_000)
    process.kill(other, 'SIGKILL')
    await until(() => !isAlive(other), 1000)
    expect(await ask(`${url}${AREA}`)).toBe(200)
    child.kill('SIGTERM')
    const { code, stderr } = await ended
    expect(code).toBe(0)
    expect(stderr).toContain(
      `Process ${doomed} of the service was killed by SIGKILL; another takes its place.`,
    )
    const db = new DatabaseSync(join(folder.path, 'store.sqlite'))
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    const { held, told: tally } = {
      ...db
        .prepare(
          "SELECT (SELECT count(*) FROM colour) AS held, (SELECT rows FROM tally WHERE name = 'colour') AS told",
        )
        .get(),
    }
    expect(held).toBe(tally)
    expect(held).toBeGreaterThan(0)
    db.close()
  }, 60_000)

  test('keeps its port where the first of them is killed before any other listens', async (context) => {
    if (!tellsChildren) return context.skip(NO_CHILDREN)
    const running = startSwath(['serve'], { PORT: '0', SWATH_PROCESSES: '2', SWATH_STORE: storeOf(folder) })
    started.push(running)
    await running.saw('swath is serving on')
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.shown())?.[0] ?? ''
    const pid = running.child.pid ?? 0
    for (let round = 0; round < 2; round++) {
      for (const worker of childrenOf(pid)) process.kill(worker, 'SIGKILL')
      await until(async () => (await ask(`${url}/healthz`)) === 200, 15_000)
      expect(await ask(`${url}${AREA}`)).toBe(200)
    }
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
  }, 40_000)

  test('ends with what supervises it, even killed', async (context) => {
    if (!tellsChildren) return context.skip(NO_CHILDREN)
    const { child, workers, ended } = await serving(2)
    const pids = workers()
    child.kill('SIGKILL')
    await ended
    await until(() => !pids.some(isAlive), 5000)
    expect(pids.filter(isAlive)).toEqual([])
  }, 30_000)

  test('that cannot start says why once and ends', async () => {
    const { ended } = startSwath(['serve'], {
      PORT: '0',
      SWATH_PROCESSES: '3',
      SWATH_CATALOG: `sqlite:${join(folder.path, 'none.sqlite')}`,
    })
    const { code, stderr } = await ended
    expect(code).toBe(1)
    expect(stderr.match(/none\.sqlite/g)).toHaveLength(1)
    expect(stderr).toMatch(/Process \d+ of the service ended with exit code 1 before it listened\./)
  }, 30_000)
})

describe('the port for all', () => {
  const HOST = '127.0.0.1'
  const others: Server[] = []
  /** Another program, which listens at a port. */
  const takenBy = async (port: number) => {
    const other = createServer().listen(port, HOST)
    others.push(other)
    await once(other, 'listening')
  }
  afterEach(() => {
    for (const other of others.splice(0)) other.close()
  })

  test('is picked anew where another program took it before it was listened at', async () => {
    const config = readConfig({ SWATH_STORE: storeOf(folder), SWATH_LOG: 'off' })
    const house = await openHouse(config)
    const picked: number[] = []
    await atPortOfAll(0, HOST, async (port) => {
      if (picked.push(port) <= 2) await takenBy(port)
      const serving = await startServing(house, { ...config, host: HOST, port })
      expect(serving.port).toBe(port)
      await serving.stop()
    }).finally(() => house.close())
    expect(new Set(picked).size).toBe(3)
  })

  test('is the one that was asked for, where one was, and no other', async () => {
    const tried: number[] = []
    const failure = new Error('planted')
    const serve = (port: number) => {
      tried.push(port)
      return Promise.reject(failure)
    }
    await expect(atPortOfAll(4711, HOST, serve)).rejects.toBe(failure)
    await expect(atPortOfAll(0, HOST, serve)).rejects.toBe(failure)
    expect(tried).toEqual([4711, expect.any(Number)])
  })
})

describe('processes side by side', () => {
  const parts = z.object({
    pid: z.number(),
    pids: z.array(z.number()),
    supervisor: z.object({ pid: z.number(), lost: z.number() }),
  })
  let child: ChildProcess
  let shown: string
  let url: string
  beforeEach(async () => {
    shown = ''
    child = spawn(process.execPath, [SIDE_BY_SIDE, join(folder.path, 'spoilt')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout?.on('data', (chunk) => {
      shown += chunk
    })
    await until(() => shown.includes('port '), 10_000)
    url = `http://127.0.0.1:${/port (\d+)/.exec(shown)?.[1]}`
  })
  afterEach(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  const partsOf = async () =>
    parts.parse(await (await fetch(url, { headers: { connection: 'close' } })).json())

  test('hear of each other what one of them is asked for', async () => {
    await until(async () => (await partsOf()).pids.length === 3, 10_000)
    const { pid, pids, supervisor } = await partsOf()
    expect(new Set(pids).size).toBe(3)
    expect(pids).toContain(pid)
    expect(supervisor).toEqual({ pid: child.pid, lost: 0 })
    // One that does not answer is left out.
    const [stopped = 0] = pids.filter((one) => one !== pid)
    process.kill(stopped, 'SIGSTOP')
    const among = await partsOf()
    process.kill(stopped, 'SIGCONT')
    expect(among.pids.length).toBeLessThanOrEqual(3)
    expect(among.pids.length).toBeGreaterThanOrEqual(2)
  }, 30_000)

  test('end when none of them can be started again', async () => {
    await until(async () => (await partsOf()).pids.length === 3, 10_000)
    const { pids } = await partsOf()
    writeFileSync(join(folder.path, 'spoilt'), '')
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    const [code] = await once(child, 'exit')
    expect(code).toBe(1)
    expect(shown).toMatch(
      /Process \d+ of the service ended with exit code 7, as 5 in a row did before they listened/,
    )
  }, 30_000)
})
