// The lines of a log that comes in chunks.

/** A longer line comes in pieces, so that a log without line ends does not fill the memory. */
const longest = 64 * 1024;

/** The lines of a stream of UTF-8, however it is cut into chunks, without their line ends. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      yield rest + text.slice(from, end);
      rest = '';
      from = end + 1;
    }
    rest += text.slice(from);
    while (rest.length > longest) {
      yield rest.slice(0, longest);
      rest = rest.slice(longest);
    }
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
