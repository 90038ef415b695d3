export const PRODUCT = 'tiles/33/U/UB/S2A_MSIL1C_20190605T102031_N0207_R065_T33UUB_20190605T122456.SAFE'
export const LATER = 'tiles/33/U/UB/S2B_MSIL1C_20200615T102029_N0209_R065_T33UUB_20200615T123454.SAFE'
export const IMG_DATA = `${PRODUCT}/GRANULE/L1C_T33UUB_A020638_20190605T102031/IMG_DATA`
export const MANY = Array.from({ length: 2345 }, (_, n) => `many/${String(n).padStart(5, '0')}.jp2`)

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The bucket of the suite: ten bytes in each object unless its content says otherwise. */
export const FILES: Readonly<Record<string, Uint8Array>> = {
  [`${IMG_DATA}/T33UUB_20190605T102031_B02.jp2`]: bytes('0123456789'),
  [`${IMG_DATA}/T33UUB_20190605T102031_B03.jp2`]: bytes('abc'),
  [`${IMG_DATA}_$folder$`]: bytes('folder'),
  [`${PRODUCT}/MTD_MSIL1C.xml`]: bytes('<xml/>'),
  [`${PRODUCT}_$folder$`]: bytes('folder'),
  [`${LATER}/MTD_MSIL1C.xml`]: bytes('<later/>'),
  'tiles/33/U/UB.txt': bytes('sorts before the folder'),
  'tiles/33/U/UB0': bytes('sorts after the folder'),
  'tiles/33/U/UC/deep/er/file': bytes('deep'),
  'names/with space+plus%25&amp;#?.jp2': bytes('odd'),
  'names/\u{ff5e}': bytes('three bytes of UTF-8'),
  'names/\u{1f6f0}': bytes('four bytes of UTF-8'),
  'empty.bin': new Uint8Array(),
  'large.bin': Uint8Array.from({ length: 300_000 }, (_, n) => n % 251),
  ...Object.fromEntries(MANY.map((key) => [key, bytes(key.slice(-9, -4))])),
}

/** Keys and prefixes that name nothing, whatever lies outside the bucket. */
export const HOSTILE = [
  '..',
  '.',
  '/',
  '//',
  '../',
  '/etc/passwd',
  '//etc/passwd',
  '../../etc/passwd',
  'tiles/../../etc/passwd',
  'tiles/../empty.bin',
  'tiles/33/../33/U/UB.txt',
  './empty.bin',
  'tiles/./33/U/UB.txt',
  'tiles//33/U/UB.txt',
  'empty.bin/',
  'empty.bin/.',
  'empty.bin/x',
  '..\\..\\etc\\passwd',
  'tiles\\33\\U\\UB.txt',
  'empty.bin\0',
  'tiles/\0/33',
  'empty.bin\n',
  '%2e%2e/%2e%2e/etc/passwd',
  'tiles/%2e%2e/empty.bin',
  'file:///etc/passwd',
  'C:/Windows/win.ini',
  '\ud800',
  `${'x'.repeat(400)}/`.repeat(20),
  'y'.repeat(2000),
]
