/**
 * The metrics of several processes as one text: counts add up, of maxima the largest holds, of starts the first.
 * What it needs is loaded where several processes run.
 * @param parts what Metrics.part told in each of them; of one that told nonsense nothing is taken
 */
export async function metricsOfAll(parts: readonly unknown[]): Promise<string> {
  const { default: aggregator } = await import('prom-client/lib/cluster.js')
  return aggregator.aggregate(parts.map((part) => (Array.isArray(part) ? part : []))).metrics()
}
