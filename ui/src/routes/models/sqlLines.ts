/** Slices in SQL as somebody types them, one a line. */

export const MAX_LINES = 8

export const sqlLines = (text: string | undefined): string[] =>
  (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, MAX_LINES)

/** The lines with one more, which stands there once. */
export const withLine = (text: string | undefined, line: string): string =>
  [...sqlLines(text).filter((one) => one !== line), line].slice(-MAX_LINES).join('\n')
