import { z } from 'zod'
import { nearMiss } from './near-miss.ts'

/*
 * Parameters are texts; what a schema of one says of itself with meta is what the OpenAPI document says of it:
 * description, example (which runs on the embedded sample), and form and bounds of the value that is written.
 */

/** How a finite number may be written; no hexadecimals, no words. */
export const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

export const number = z
  .string()
  .trim()
  .regex(NUMBER, 'is not a number')
  .transform(Number)
  .meta({ type: 'number' })

/** A number within bounds, both included. */
export const between = (least: number, most: number) =>
  number
    .refine((n) => n >= least && n <= most, `is not between ${least} and ${most}`)
    .meta({ type: 'number', minimum: least, maximum: most })

/** One or more, with commas between. */
export const list = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1))

/** One of these words by the letter, with the near miss of any other. */
export const oneOf = <T extends string>(values: readonly T[]) =>
  z.enum(values, { error: ({ input }) => noneOf(String(input), values) })

export const noneOf = (word: string, values: readonly string[]): string =>
  `is none of ${values.join(', ')}${nearMiss(word.toLowerCase(), values)}`

/** What a text means; a string is what is wrong with it, to be put behind the parameter's name. */
export const read = <T extends object>(parse: (text: string) => T | string) =>
  z.string().transform((text, context) => {
    const parsed = parse(text)
    if (typeof parsed !== 'string') return parsed
    context.addIssue({ code: 'custom', message: parsed })
    return z.NEVER
  })
