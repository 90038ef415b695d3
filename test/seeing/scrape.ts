/** A scrape, read: what families there are, and of each its type and the labels of its samples. */
export type Scrape = ReadonlyMap<string, Family>
export type Family = {
  readonly type: string
  readonly samples: readonly Sample[]
}
export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads the text form of Prometheus; a line that is none of it throws. */
export function readScrape(text: string): Scrape {
  const families = new Map<string, { readonly type: string; readonly samples: Sample[] }>()
  let current: { readonly type: string; readonly samples: Sample[] } | undefined
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? []
    if (name !== undefined && type !== undefined) {
      current = { type, samples: [] }
      families.set(name, current)
      continue
    }
    const [, sample, labels = '', value] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (sample === undefined || !current) throw new Error(`This is no line of a scrape: ${line}`)
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, is]) => [label, is])
    current.samples.push({ name: sample, labels: Object.fromEntries(pairs), value: Number(value) })
  }
  return families
}

/** The value of the sample with these labels among others; 0 where there is none. */
export function sampleOf(
  scrape: Scrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = scrape.get(name) ?? scrape.get(name.replace(/_(count|sum|bucket)$/, ''))
  const found = family?.samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, is]) => sample.labels[label] === is),
  )
  return found?.value ?? 0
}

export const scrapeOf = async (url: string): Promise<Scrape> =>
  readScrape(await (await fetch(`${url}/metrics`)).text())
