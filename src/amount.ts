/** `1 image`, `2 images`, `0 images`: a number and what it is of, in sentences. @param word in the singular, regular */
export const amount = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
