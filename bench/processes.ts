import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Started = {
  readonly url: string
  readonly pid: number
  /** What it has written to stderr so far. */
  complaints(): string
  /** Ends it by SIGTERM, by SIGKILL where that does not help within 10 seconds. */
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Longest text of stderr that is kept. */
const MOST_TEXT = 20_000
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) end(child, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/**
 * Starts a Node program that serves until it is told to stop.
 * @param args from the project's root on: `src/main.ts serve`
 * @param env all of its environment but the path
 * @throws where it prints no address within the time
 */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  withinMs = 20_000,
): Promise<Started> {
  const child = launch(process.execPath, args, env)
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-MOST_TEXT)
  })
  const url = await addressOf(child, withinMs).catch((thrown: unknown) => {
    end(child, 'SIGKILL')
    throw new Error(`${args.join(' ')} did not start: ${thrown}\n${complaints}`)
  })
  return {
    url,
    pid: child.pid ?? 0,
    complaints: () => complaints,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      end(child, 'SIGTERM')
      const last = setTimeout(() => end(child, 'SIGKILL'), 10_000)
      await ended
      clearTimeout(last)
    },
  }
}

export type Run = {
  /** From the start of the process to the first byte on stdout. */
  readonly firstByteMs: number
  readonly wallMs: number
  /** User and system time, to 10 ms. */
  readonly cpuMs: number
  readonly lines: number
}

/**
 * Runs a Node program to its end, at most a minute, its stdout through a pipe of the shell as users have it.
 * @throws where it writes a complaint of swath's to stderr
 */
export async function runToEnd(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  const cpu = cpuOfEndedChildren()
  const start = performance.now()
  const child = launch('sh', ['-c', '"$@" | cat', 'sh', process.execPath, ...args], env)
  const limit = setTimeout(() => end(child, 'SIGKILL'), 60_000)
  let [firstByteMs, lines, complaints] = [Number.NaN, 0, '']
  child.stdout?.on('data', (bytes: Buffer) => {
    if (Number.isNaN(firstByteMs)) firstByteMs = performance.now() - start
    lines += countLines(bytes)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const [code] = await once(child, 'close')
  clearTimeout(limit)
  if (code !== 0 || /^swath: /m.test(complaints)) throw new Error(`${args.join(' ')} failed: ${complaints}`)
  return { firstByteMs, wallMs: performance.now() - start, cpuMs: cpuOfEndedChildren() - cpu, lines }
}

export function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}

/** Milliseconds of CPU that the threads of a process have used so far. */
export function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.reduce((sum, task) => sum + Number(threadStat(pid, task).split(' ')[0]) / 1e6, 0)
}

/** Memory of a process in MB (10^6 bytes): now, and at its peak since it started. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => (Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) * 1024) / 1e6
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

function launch(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that a shell and what it has started end together.
    detached: true,
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

function end({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal)
}

async function addressOf(child: ChildProcess, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`no address within ${withinMs} ms`)), withinMs)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-MOST_TEXT)
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0]
      if (url === undefined) return
      clearTimeout(limit)
      resolve(url)
    })
  })
}

/** Fields 16 and 17 of proc_pid_stat(5), in ticks of 10 ms, counted after the name in brackets. */
function cpuOfEndedChildren(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** A thread may have ended since its name was read. */
function threadStat(pid: number, task: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')
  } catch {
    return '0'
  }
}
