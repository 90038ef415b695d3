/** Markers by their codes (Table A.2; CAP from ISO/IEC 15444-15). */
export const MARKER = {
  SOC: 0xff4f,
  CAP: 0xff50,
  SIZ: 0xff51,
  COD: 0xff52,
  COC: 0xff53,
  TLM: 0xff55,
  PLT: 0xff58,
  QCD: 0xff5c,
  QCC: 0xff5d,
  RGN: 0xff5e,
  POC: 0xff5f,
  PPM: 0xff60,
  PPT: 0xff61,
  SOT: 0xff90,
  SOP: 0xff91,
  EPH: 0xff92,
  SOD: 0xff93,
  EOC: 0xffd9,
} as const

/** Whether a code within a header stands alone, without a segment behind it (Table A.1). */
export const standsAlone = (code: number): boolean => code >= 0xff30 && code <= 0xff3f

/** How a code is written in a sentence: `0xFF90`. */
export const nameOf = (code: number): string => `0x${code.toString(16).toUpperCase().padStart(4, '0')}`

/** The bytes as numbers, high byte first as all of JPEG 2000. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
