import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export type Outcome = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export type Running = {
  readonly child: ChildProcess
  /** Resolves when stdout holds the text so many times, once by default, or the process ended. */
  saw(text: string, times?: number): Promise<void>
  /** What stdout has held so far. */
  shown(): string
  readonly ended: Promise<Outcome>
}

/** Starts swath as a process of its own. */
export function startSwath(argv: readonly string[], env: Readonly<Record<string, string>>): Running {
  return running(spawn(process.execPath, [MAIN, ...argv], { env: { PATH: process.env.PATH, ...env } }))
}

/** Starts a line of the shell, in which `swath` is the program. */
export function startShell(line: string, env: Readonly<Record<string, string>>): Running {
  const swath = `swath() { "${process.execPath}" "${MAIN}" "$@"; }`
  return running(spawn('sh', ['-c', `${swath}; ${line}`], { env: { PATH: process.env.PATH, ...env } }))
}

function running(child: ChildProcess): Running {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }))
  const saw = async (text: string, times = 1) => {
    while (stdout.split(text).length <= times && child.exitCode === null && child.signalCode === null)
      await sleep(5)
  }
  return { child, saw, shown: () => stdout, ended }
}

/** Runs swath to its end. @param input what its standard input holds */
export function swath(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Outcome> {
  const { child, ended } = startSwath(argv, env)
  // Who refuses an argument does not read to the end.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  return ended
}
