import { badImage, type Cut, type MainHeader } from './codestream.ts'
import { expectedOf } from './cut.ts'

/**
 * A whole codestream, for a file that nothing can be cut out of.
 * @param file all of its bytes
 * @throws {Fault} bad-image where the file is cut short or its components are subsampled
 */
export function wholeOf(header: MainHeader, file: Uint8Array): Cut {
  const { size, start, end } = header
  if (file.length < end) throw badImage(`it is cut short: ${file.length} of ${end} bytes came`)
  // The decoder takes all components for as large as the first.
  if (size.components.some(({ stepX, stepY }) => stepX !== 1 || stepY !== 1)) {
    throw badImage('its components are subsampled, which no image of Sentinel-2 is')
  }
  return { codestream: new Uint8Array(file.subarray(start, end)), ...expectedOf(header, size, 0) }
}
