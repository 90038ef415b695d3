/*
 * Loaded by the service under test before its own code: told `look`, it collects garbage and tells what is left, in
 * bytes. It does not keep the process alive, and ends it where the test has died.
 */
process.on('message', (told) => {
  if (told !== 'look') return
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  const { rss, heapUsed, external } = process.memoryUsage()
  process.send?.({ rss, heapUsed, external })
})
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
