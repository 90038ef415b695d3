/** Does one step of an iteration, in whatever turn or under whatever watch. */
export type DoStep = <T>(step: () => Promise<T>) => Promise<T>

/** The same iteration, each step of it done so; leaving it early ends it. @throws as the iteration, and as doStep */
export async function* stepByStep<T>(items: AsyncIterable<T>, doStep: DoStep): AsyncGenerator<T, void> {
  const steps = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await doStep(() => steps.next())
      if (step.done) return
      yield step.value
    }
  } finally {
    await steps.return?.()
  }
}
