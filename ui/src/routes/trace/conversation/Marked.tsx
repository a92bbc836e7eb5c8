import { useContext } from 'react'
import { pieces } from './highlight'
import { SearchWords } from './searched'

/** Text with the searched words marked. */
export function Marked({ text }: { text: string }) {
  const words = useContext(SearchWords)
  if (!words.length) return text
  return pieces(text, words).map((piece, i) => (piece.hit ? <mark key={i}>{piece.text}</mark> : piece.text))
}
