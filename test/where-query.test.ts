import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COLOUR_NUMBERS } from '../src/colour/port.ts'
import { parseWhere } from '../src/where-query.ts'

describe('where', () => {
  test('is comparisons with commas between', () => {
    expect(parseWhere('share_red>=0.4,valid>=0.5')).toEqual([
      { of: 'share_red', is: '>=', than: 0.4 },
      { of: 'valid', is: '>=', than: 0.5 },
    ])
    for (const of of COLOUR_NUMBERS) {
      for (const is of ['<', '<=', '>=', '>'])
        expect(parseWhere(`${of}${is}.25`)).toEqual([{ of, is, than: 0.25 }])
    }
  })

  test.for([
    ' share_red >= 0.4 ',
    'share_red >=0.4',
    'SHARE_RED>=0.4',
    'share_red>=+0.40',
    'share_red>=4e-1',
    new URLSearchParams('x=share_red%3E%3D0.4').get('x') ?? '',
    new URLSearchParams('x=share_red+>=+0.4').get('x') ?? '',
  ])('reads %j as it reads without its spaces and capitals', (text) => {
    expect(parseWhere(text)).toEqual([{ of: 'share_red', is: '>=', than: 0.4 }])
  })

  test.for([
    ['', /^is empty; it takes comparisons such as share_red>=0\.4,valid>=0\.5$/],
    [' ', /^is empty/],
    ['share_red', /^holds "share_red", which compares nothing; write it as share_red>=0\.4$/],
    ['share_red>=0.4,', /^holds "", which compares nothing/],
    [
      'share_rde>0.4',
      /^holds "share_rde>0\.4"; "share_rde" is none of red, .*valid \(did you mean share_red\?\)$/,
    ],
    ['cloud<20', /"cloud" is none of red, green, blue, share_red, share_green, share_blue, valid$/],
    ['0.4<=share_red', /the name stands first, as in share_red>=0\.4$/],
    ['>0.4', /"" is none of red/],
    ['red=0.4', /"=" is none of < <= >= >$/],
    ['red==0.4', /"==" is none of/],
    ['red=>0.4', /"=>" is none of/],
    ['red<>0.4', /"<>" is none of/],
    ['red≥0.4', /"≥" is none of/],
    ['red>', /"" is not a number$/],
    ['red>some', /"some" is not a number$/],
    ['red>40%', /"40%" is not a number$/],
    ['red>0,4', /^holds "4", which compares nothing/],
    ['red>NaN', /"NaN" is not a number$/],
    ['red>1e999', /is not between 0 and 1/],
    ['valid>=50', /50 is not between 0 and 1, as reflectances and shares are \(0\.4 is 40 percent\)$/],
    ['red>-0.1', /is not between 0 and 1/],
    ['0.1<red<0.4', /the name stands first|"<"|is not a number/],
    [Array(21).fill('red>0').join(','), /^holds 21 comparisons; it takes 20 at most$/],
  ] as const)('%j is refused', ([text, sentence]) => {
    expect(parseWhere(text)).toMatch(sentence)
  })

  test('that is wrong in two places is told both', () => {
    expect(parseWhere('rde>0.4,valid>=0.5,blue=1')).toMatch(/^holds "rde>0\.4"; .*, and holds "blue=1"; /)
  })

  test('of any text is comparisons within bounds or a clause', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[a-z_]{0,9}[<>=]{0,3}[0-9.e,+-]{0,6}$/),
    )
    fc.assert(
      fc.property(anyText, (text) => {
        const read = parseWhere(text)
        if (typeof read === 'string') expect(read).toMatch(/^(is empty|holds )/)
        else expect(read.every(({ than }) => than >= 0 && than <= 1)).toBe(true)
      }),
    )
  })
})
