/** Bytes of a piece at least: fewer would cost more writes, more would be held for every slow reader. */
export const PIECE = 1 << 17
/** With the item that makes it whole. */
export const PIECE_ROOM = PIECE + (1 << 15)
/** Items that make a piece or two. */
export const SHORT_PAGE = 20
