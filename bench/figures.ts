import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the share lies, interpolated. @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** `median (least–most)`. */
export function spread(values: readonly number[], digits = 0): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}

/** Prints a heading of Markdown. */
export function heading(text: string): void {
  console.log(`\n## ${text}\n`)
}

export function say(text: string): void {
  console.log(`\n${text}`)
}

/** Prints a table of Markdown. */
export function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  console.log([line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n'))
}

export type Target = { readonly wanted: string; readonly reached: string; readonly holds: boolean }

/** Prints what was aimed at, what was reached, and whether that is enough. */
export function targets(all: readonly Target[]): void {
  console.log()
  table(
    ['target', 'reached', ''],
    all.map(({ wanted, reached, holds }) => [wanted, reached, holds ? 'yes' : '**no**']),
  )
}

/** Prints what the figures were made on. */
export function machine(): void {
  const model = cpus()[0]?.model ?? 'unknown'
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ', 3).join(' ')
  console.log(
    `Node ${process.version}, ${cpus().length} cores (${model}), load before the run ${load}, ${new Date().toISOString().slice(0, 10)}.`,
  )
}
