/** The colours of the map, as the style sheet has them for light or dark. */
export type Theme = Readonly<Record<'sea' | 'land' | 'line' | 'granule' | 'chosen', string>>

export function themeColours(): Theme {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--map-${name}`).trim()
  return {
    sea: colour('sea'),
    land: colour('land'),
    line: colour('line'),
    granule: colour('granule'),
    chosen: colour('chosen'),
  }
}
