import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MAIN } from '../../cli/swath.ts'

const ROOT = join(import.meta.dirname, '../../..')
const about = z.object({ scripts: z.object({ start: z.string() }) })
const memory = z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() })

const ready = z.object({ previews: z.object({ bytes: z.number() }) })

export type Memory = z.infer<typeof memory> & {
  /** Of the pictures that it says it has at hand, which have a bound of their own; they are a part of external. */
  readonly pictures: number
}
export type Service = {
  readonly port: number
  readonly url: string
  /** Bytes after a collection of garbage. */
  memory(): Promise<Memory>
  /** Open files and sockets; undefined where the system does not tell. */
  descriptors(): number | undefined
  /** Seconds of CPU since the start; undefined where the system does not tell. */
  cpuSeconds(): number | undefined
  stderr(): string
  /** Undefined while it runs. */
  ended(): string | undefined
  /** What its exit code is, once told to end. */
  stop(): Promise<number | null>
}

/** The service as `npm start` runs it, as a process of its own, with a probe for its memory. */
export async function startService(env: Readonly<Record<string, string>>): Promise<Service> {
  const { scripts } = about.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))
  const flags = scripts.start.split(' ').filter((word) => word.startsWith('--'))
  const probe = new URL('./memory-probe.ts', import.meta.url).href
  const child = spawn(process.execPath, [...flags, '--import', probe, MAIN, 'serve'], {
    env: { PATH: process.env.PATH, PORT: '0', SWATH_LOG: 'failures', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let [stdout, stderr] = ['', '']
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const closed = once(child, 'close')
  const listening = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('serving on')) resolve()
    })
    closed.then(() => reject(new Error(`The service did not start: ${stderr}`)))
  })
  await listening
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(stdout)?.[1])
  const url = `http://127.0.0.1:${port}`
  const pid = child.pid ?? 0
  return {
    port,
    url,
    memory: async () => {
      const told = once(child, 'message')
      child.send('look')
      const used = memory.parse((await told)[0])
      const { previews } = ready.parse(await (await fetch(`${url}/readyz`)).json())
      return { ...used, pictures: previews.bytes }
    },
    descriptors: () => fromSystem(() => readdirSync(`/proc/${pid}/fd`).length),
    cpuSeconds: () => fromSystem(() => cpuOf(readFileSync(`/proc/${pid}/stat`, 'latin1'))),
    stderr: () => stderr,
    ended: () => (child.exitCode ?? child.signalCode)?.toString(),
    stop: async () => {
      child.kill('SIGTERM')
      await closed
      return child.exitCode
    },
  }
}

/** User and system time in hundredths of a second (proc(5)); the name before them may hold anything but `)`. */
function cpuOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function fromSystem(read: () => number): number | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
