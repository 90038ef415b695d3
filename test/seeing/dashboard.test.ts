import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sample as Service, serveSample } from '../browser/explorer-page.ts'
import { type Scrape, scrapeOf } from './scrape.ts'

/* docs/grafana/swath.json is held against a scrape of a service that has been asked for a bit of everything. */

type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly legendFormat: string
  }[]
}
type Dashboard = {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[]
  }
}

const FILE = new URL('../../docs/grafana/swath.json', import.meta.url)
const dashboard: Dashboard = JSON.parse(readFileSync(FILE, 'utf8'))
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const targets = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })))
/** Metrics that no panel shows, each with its reason: none so far. */
const LEFT_OUT: readonly string[] = []
/** What Prometheus itself adds, and a histogram's own. */
const BESIDE = ['instance', 'le']

let service: Service
let scrape: Scrape
beforeAll(async () => {
  service = await serveSample()
  for (const path of [
    '/area?bbox=11.8,54.9,14,56&rank=blue&limit=3',
    '/area/summary?bbox=11.8,54.9,14,56',
    '/estimate?bbox=11.8,54.9,14,56',
    '/granules/L1C_T33UUB_A017537_20200715T102602/preview.webp',
    '/stac/search?limit=2',
    '/area?bbox=1',
    '/nothing/here',
  ]) {
    await (await fetch(service.url + path)).text()
  }
  scrape = await scrapeOf(service.url)
})
afterAll(() => service.close())

/** The metrics that an expression names, with the names of a histogram's parts led back to its own. */
function metricsIn(expr: string): string[] {
  const names = expr.match(/\b(swath|process|nodejs)_\w+/g) ?? []
  return names.map((name) => {
    const whole = name.replace(/_(bucket|sum|count)$/, '')
    return scrape.get(whole)?.type === 'histogram' ? whole : name
  })
}

test('every metric that a panel asks for is in a scrape', () => {
  for (const { title, expr } of targets) {
    expect(metricsIn(expr), title).not.toEqual([])
    for (const name of metricsIn(expr)) expect([...scrape.keys()], `${title}: ${expr}`).toContain(name)
  }
})

test('every metric that is scraped is in a panel, or left out on purpose', () => {
  const shown = new Set(targets.flatMap(({ expr }) => metricsIn(expr)))
  expect([...scrape.keys()].filter((name) => !shown.has(name))).toEqual(LEFT_OUT)
})

test('every label that an expression names is a label of its metrics', () => {
  for (const { title, expr, legendFormat } of targets) {
    const samples = metricsIn(expr).flatMap((name) => scrape.get(name)?.samples ?? [])
    // What has never happened has no samples to tell its labels.
    if (samples.length === 0) continue
    const known = new Set([...BESIDE, ...samples.flatMap(({ labels }) => Object.keys(labels))])
    const named = [
      ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/)),
      ...[...expr.matchAll(/[{,](\w+)=~?"/g)].map(([, label = '']) => label),
      ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
    ]
    expect(
      named.filter((label) => !known.has(label)),
      `${title}: ${expr}`,
    ).toEqual([])
  }
})

test('an expression with a counter asks for its rate, and quantiles come from buckets', () => {
  for (const { title, expr } of targets) {
    for (const name of metricsIn(expr)) {
      const type = scrape.get(name)?.type
      if (type === 'counter') expect(expr, title).toMatch(new RegExp(`(rate|increase)\\(${name}\\{`))
      if (type === 'gauge') expect(expr, title).not.toMatch(new RegExp(`(rate|increase)\\(${name}\\b`))
      if (type === 'histogram') {
        expect(expr, title).toMatch(new RegExp(`rate\\(${name}_(bucket|sum|count)\\{`))
        expect(expr.includes('histogram_quantile'), title).toBe(expr.includes(`${name}_bucket`))
      }
    }
    const [opened, closed] = ['(', ')'].map((bracket) => expr.split(bracket).length)
    expect(opened, expr).toBe(closed)
  }
})

test('the panels have ids of their own, lie beside each other, and say what they show', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  for (const [i, { gridPos: one, title, description }] of panels.entries()) {
    expect(one.x + one.w, title).toBeLessThanOrEqual(24)
    expect(description, title).toMatch(/\.$/)
    for (const { gridPos: other } of panels.slice(i + 1)) {
      const isApart =
        one.x + one.w <= other.x ||
        other.x + other.w <= one.x ||
        one.y + one.h <= other.y ||
        other.y + other.h <= one.y
      expect(isApart, title).toBe(true)
    }
  }
})

test('it asks for its data source, and finds instances by a metric there is', () => {
  expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['instance', 'query'],
  ])
  expect([...scrape.keys()]).toContain(
    /label_values\((\w+),/.exec(dashboard.templating.list[1]?.definition ?? '')?.[1],
  )
  const text = readFileSync(FILE, 'utf8')
  expect(text).not.toMatch(/"uid": "(?!\$\{datasource\}|swath")/)
})
