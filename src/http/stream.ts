/**
 * A body that is pulled by its reader. The first piece is made before this returns, so that whatever fails
 * until then can still be a status.
 * @param breakOff told of a later failure; it must end the connection, so that no cut answer looks whole
 */
export async function streamBody(
  pieces: AsyncGenerator<string>,
  breakOff: (thrown: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder()
  let ahead: IteratorResult<string> | undefined = await pieces.next()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = ahead ?? (await pieces.next())
          ahead = undefined
          if (piece.done) controller.close()
          else controller.enqueue(encoder.encode(piece.value))
        } catch (thrown) {
          breakOff(thrown)
        }
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
