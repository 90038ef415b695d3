/** How far a build is. */
export type BuildProgress = {
  /** Rows are read, laid out by tile, written into the index. */
  readonly phase: 'reading' | 'sorting' | 'writing'
  /** Of this phase so far. */
  readonly rows: number
  /** 0 until it can be told. */
  readonly rowsPerSecond: number
  /** Of this phase, 0 to 1; undefined where nobody knows. */
  readonly share: number | undefined
  /** Of the whole build, by the pace so far; undefined while it cannot be told. */
  readonly secondsLeft: number | undefined
}

type Step = Pick<BuildProgress, 'phase' | 'rows' | 'share'>

/** Writing takes so many times as long as reading, more or less. */
const WRITING_TO_READING = 1.5
/** Below this nothing is said of the time left. */
const TOO_EARLY = 0.01

/** Adds the pace to each step. */
export function paced(tell: (progress: BuildProgress) => void): (step: Step) => void {
  let phase: Step['phase'] | undefined
  let [began, last] = [performance.now(), performance.now()]
  return (step) => {
    const now = performance.now()
    if (step.phase !== phase) [phase, began] = [step.phase, last]
    last = now
    const seconds = (now - began) / 1000
    tell({
      ...step,
      rowsPerSecond: seconds > 0 ? step.rows / seconds : 0,
      secondsLeft: secondsLeft(step, seconds),
    })
  }
}

function secondsLeft({ phase, share }: Step, seconds: number): number | undefined {
  if (share === undefined || share < TOO_EARLY) return undefined
  const whole = seconds / share
  return phase === 'reading' ? whole - seconds + whole * WRITING_TO_READING : whole - seconds
}
