import { createContext, useMemo } from 'react'
import { useView } from '@/kit/view'
import { searchWords } from './highlight'

/** The words that a person searched for on the way here. */
export const SearchWords = createContext<string[]>([])

/** From the search inside this trace, and from the filter of the page before. */
export function useSearchWords(): string[] {
  const { search } = useView()
  const { hl, q, find } = search
  return useMemo(() => {
    const words = searchWords(hl ?? q ?? '')
    return find ? [...words, find] : words
  }, [hl, q, find])
}
