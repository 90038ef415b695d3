/** A value at a stride, and between what it lies. */
export type Mark = {
  readonly stride: number
  readonly value: number
  readonly least: number
  readonly most: number
}
export type Line = { readonly name: string; readonly points: readonly Mark[] }
export type Plot = { readonly errors: readonly Line[]; readonly megabytes: readonly Line[] }

const [WIDTH, HEIGHT] = [800, 650]
const [LEFT, RIGHT] = [90, 560]
const STRIDES = [1, 2, 4, 8, 16]
/** Below it an error is shown as it: 0 has no place on a logarithmic axis. Percent. */
const LEAST_ERROR = 0.0001

/** Values from bottom to top, and where they are drawn. */
type Panel = {
  readonly title: string
  readonly top: number
  readonly bottom: number
  readonly ticks: readonly number[]
  readonly tell: (value: number) => string
}
const ERROR: Panel = {
  title: 'Error of the mean, percent',
  top: 62,
  bottom: 318,
  ticks: [0.0001, 0.001, 0.01, 0.1, 1],
  tell: (value) => (value === LEAST_ERROR ? `≤ ${value}` : String(value)),
}
const BYTES: Panel = {
  title: 'Read for a colour, MB',
  top: 390,
  bottom: 584,
  ticks: [1, 10, 100, 1000],
  tell: String,
}

/** Two logarithmic panels over the stride as SVG: the error above, the bytes below. It follows light and dark. */
export function drawPlot({ errors, megabytes }: Plot): string {
  const parts = [
    STYLE,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="8"/>`,
    ...panel(ERROR, errors),
    ...panel(BYTES, megabytes),
    text((LEFT + RIGHT) / 2, HEIGHT - 14, 'stride: one sample for every N × N pixels of 10 m', 'middle'),
  ]
  const heads = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"`
  return `<svg ${heads} aria-labelledby="title">\n<title id="title">${TITLE}</title>\n${parts.join('\n')}\n</svg>\n`
}

const TITLE = 'Error of a mean colour, and bytes read for it, against the stride'

/** Colours that colour-blind eyes tell apart, of Okabe and Ito, darker on light ground. */
const STYLE = `<style>
text { font: 14px system-ui, sans-serif; fill: #24292f }
.ground { fill: #ffffff }
.head { font-weight: 600 }
.grid { stroke: #d8dee4; stroke-width: 1 }
.line { fill: none; stroke-width: 2.5 }
.c0 { stroke: #005f94 } .c1 { stroke: #b34a00 } .c2 { stroke: #007355 }
.d0 { fill: #005f94 } .d1 { fill: #b34a00 } .d2 { fill: #007355 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.ground { fill: #0d1117 }
.grid { stroke: #30363d }
.c0 { stroke: #56b4e9 } .c1 { stroke: #f0a050 } .c2 { stroke: #2ecc9b }
.d0 { fill: #56b4e9 } .d1 { fill: #f0a050 } .d2 { fill: #2ecc9b }
}
</style>`

function panel(where: Panel, lines: readonly Line[]): string[] {
  const { title, ticks, tell, top, bottom } = where
  const names = spaced(lines.map(({ points }) => yOf(where, points.at(-1)?.value ?? 0)))
  return [
    text(LEFT, top - 18, title, 'start', 'head'),
    ...ticks.flatMap((tick) => {
      const y = yOf(where, tick)
      return [
        `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y}" y2="${y}"/>`,
        text(LEFT - 10, y + 5, tell(tick), 'end'),
      ]
    }),
    ...STRIDES.map((stride) => text(xOf(stride), bottom + 22, String(stride), 'middle')),
    ...lines.flatMap(({ name, points }, colour) => [
      ...drawn(where, points, colour),
      text(RIGHT + 14, (names[colour] ?? 0) + 5, name, 'start', `d${colour}`),
    ]),
  ]
}

function drawn(where: Panel, points: readonly Mark[], colour: number): string[] {
  const way = points.map(({ stride, value }) => `${xOf(stride)},${yOf(where, value)}`).join(' ')
  return [
    `<polyline class="line c${colour}" points="${way}"/>`,
    ...points.flatMap(({ stride, value, least, most }) => {
      const x = xOf(stride)
      const bar = `<line class="line c${colour}" x1="${x}" x2="${x}" y1="${yOf(where, least)}" y2="${yOf(where, most)}"/>`
      return [
        ...(least < most ? [bar] : []),
        `<circle class="d${colour}" cx="${x}" cy="${yOf(where, value)}" r="4"/>`,
      ]
    }),
  ]
}

const xOf = (stride: number): number =>
  rounded(LEFT + 16 + (Math.log2(stride) / Math.log2(STRIDES.at(-1) ?? 2)) * (RIGHT - LEFT - 32))

function yOf({ ticks, top, bottom }: Panel, value: number): number {
  const [low = 1, high = 10] = [ticks[0], ticks.at(-1)]
  const share = Math.log(Math.max(value, low) / low) / Math.log(high / low)
  return rounded(bottom - share * (bottom - top))
}

/** Heights of names, moved apart where they would lie on each other; in the order given. */
function spaced(heights: readonly number[]): number[] {
  const moved = [...heights]
  const order = moved.map((_, i) => i).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  for (const [n, i] of order.entries()) {
    const above = n > 0 ? (moved[order[n - 1] ?? 0] ?? 0) : Number.NEGATIVE_INFINITY
    moved[i] = Math.max(moved[i] ?? 0, above + 20)
  }
  return moved
}

const text = (
  x: number,
  y: number,
  words: string,
  anchor: 'start' | 'middle' | 'end',
  kind = 'word',
): string => `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`

const rounded = (number: number): number => Math.round(number * 10) / 10
