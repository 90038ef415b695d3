// Exit code 0 where the service on this machine answers, else 1: the health check of the Docker image, whose base
// has no curl.
const { PORT = '8080' } = process.env
try {
  const answer = await fetch(`http://127.0.0.1:${PORT}/healthz`, { signal: AbortSignal.timeout(2500) })
  process.exitCode = answer.ok ? 0 : 1
} catch {
  process.exitCode = 1
}
