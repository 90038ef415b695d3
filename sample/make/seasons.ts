/** Reflectance of the ground in red, green and blue, 0 to 1. */
export type Colour = readonly [red: number, green: number, blue: number]

export type Season = {
  readonly crops: readonly [Colour, Colour, Colour, Colour, Colour, Colour]
  readonly forest: Colour
  readonly pine: Colour
  readonly town: Colour
  readonly beach: Colour
  readonly sea: Colour
  /** The sea over shallow ground. */
  readonly shoal: Colour
  /** Streaks in the open sea: algae, silt, ice. */
  readonly streak: Colour
  /** Share of the open sea that the streaks take, 0 to 1. */
  readonly streaks: number
}

const SUMMER: Season = {
  crops: [
    [0.1, 0.145, 0.06],
    [0.13, 0.155, 0.07],
    [0.085, 0.145, 0.055],
    [0.075, 0.135, 0.05],
    [0.2, 0.165, 0.115],
    [0.165, 0.165, 0.08],
  ],
  forest: [0.032, 0.068, 0.028],
  pine: [0.024, 0.046, 0.024],
  town: [0.2, 0.185, 0.17],
  beach: [0.3, 0.28, 0.22],
  sea: [0.012, 0.032, 0.05],
  shoal: [0.06, 0.13, 0.13],
  streak: [0.018, 0.045, 0.055],
  streaks: 0.3,
}

/** What the ground looks like in each of the drawn seasons; bright enough to look well, drawn by eye. */
export const SEASONS = {
  snow: {
    ...SUMMER,
    crops: [
      [0.34, 0.347, 0.36],
      [0.381, 0.388, 0.401],
      [0.299, 0.306, 0.313],
      [0.408, 0.415, 0.428],
      [0.258, 0.252, 0.245],
      [0.36, 0.367, 0.381],
    ],
    forest: [0.1, 0.105, 0.105],
    pine: [0.07, 0.085, 0.075],
    town: [0.22, 0.22, 0.23],
    beach: [0.33, 0.34, 0.35],
    sea: [0.02, 0.045, 0.06],
    shoal: [0.12, 0.17, 0.18],
    streak: [0.14, 0.18, 0.2],
    streaks: 0.22,
  },
  earlySpring: {
    ...SUMMER,
    crops: [
      [0.075, 0.12, 0.05],
      [0.21, 0.17, 0.125],
      [0.085, 0.135, 0.055],
      [0.09, 0.115, 0.06],
      [0.185, 0.15, 0.115],
      [0.16, 0.14, 0.09],
    ],
    forest: [0.075, 0.07, 0.05],
    pine: [0.03, 0.048, 0.028],
  },
  spring: {
    ...SUMMER,
    crops: [
      [0.06, 0.145, 0.045],
      [0.2, 0.165, 0.12],
      [0.075, 0.16, 0.05],
      [0.07, 0.15, 0.05],
      [0.19, 0.16, 0.115],
      [0.1, 0.165, 0.06],
    ],
    forest: [0.05, 0.095, 0.035],
    streak: [0.02, 0.06, 0.055],
  },
  rapeseed: {
    ...SUMMER,
    crops: [
      [0.06, 0.13, 0.045],
      [0.27, 0.27, 0.07],
      [0.07, 0.145, 0.05],
      [0.24, 0.25, 0.065],
      [0.17, 0.15, 0.1],
      [0.075, 0.14, 0.05],
    ],
    forest: [0.035, 0.08, 0.03],
  },
  summer: SUMMER,
  bloom: {
    ...SUMMER,
    crops: [
      [0.085, 0.165, 0.05],
      [0.11, 0.175, 0.055],
      [0.065, 0.155, 0.045],
      [0.06, 0.145, 0.04],
      [0.075, 0.16, 0.045],
      [0.13, 0.17, 0.06],
    ],
    sea: [0.012, 0.07, 0.042],
    shoal: [0.06, 0.155, 0.09],
    streak: [0.06, 0.2, 0.07],
    streaks: 0.75,
  },
  drought: {
    ...SUMMER,
    crops: [
      [0.343, 0.238, 0.115],
      [0.305, 0.21, 0.11],
      [0.228, 0.157, 0.081],
      [0.266, 0.195, 0.095],
      [0.19, 0.148, 0.071],
      [0.361, 0.257, 0.143],
    ],
    forest: [0.06, 0.072, 0.03],
    pine: [0.035, 0.05, 0.022],
    town: [0.25, 0.2, 0.165],
  },
  lateSummer: {
    ...SUMMER,
    crops: [
      [0.26, 0.22, 0.13],
      [0.22, 0.19, 0.11],
      [0.09, 0.14, 0.055],
      [0.075, 0.13, 0.05],
      [0.16, 0.14, 0.09],
      [0.29, 0.25, 0.15],
    ],
    sea: [0.008, 0.03, 0.07],
    shoal: [0.045, 0.115, 0.145],
    streak: [0.01, 0.042, 0.09],
    streaks: 0.5,
  },
  autumn: {
    ...SUMMER,
    crops: [
      [0.17, 0.125, 0.085],
      [0.2, 0.15, 0.1],
      [0.08, 0.12, 0.05],
      [0.09, 0.115, 0.055],
      [0.14, 0.105, 0.075],
      [0.22, 0.175, 0.11],
    ],
    forest: [0.125, 0.085, 0.035],
    pine: [0.03, 0.045, 0.025],
    streak: [0.03, 0.05, 0.055],
  },
} as const satisfies Record<string, Season>
