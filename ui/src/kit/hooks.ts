import { useCallback, useRef, useState, useSyncExternalStore } from 'react'

const ticks = new Set<() => void>()
let now = Date.now()
let timer = 0

/** The time, to within ten seconds; one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      ticks.add(listener)
      if (!timer) {
        timer = window.setInterval(() => {
          now = Date.now()
          for (const tick of ticks) tick()
        }, 10_000)
      }
      return () => {
        ticks.delete(listener)
        if (!ticks.size) {
          clearInterval(timer)
          timer = 0
        }
      }
    },
    () => now,
  )
}

/** Size of an element, followed as it changes. */
export function useSize<T extends HTMLElement>(): [
  (node: T | null) => void,
  { width: number; height: number },
] {
  const [size, setSize] = useState({ width: 0, height: 0 })
  const observer = useRef<ResizeObserver | null>(null)
  const ref = useCallback((node: T | null) => {
    observer.current?.disconnect()
    if (!node) return
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = node
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }))
    }
    observer.current = new ResizeObserver(measure)
    observer.current.observe(node)
    measure()
  }, [])
  return [ref, size]
}

/** Whether an element is, or was, near what the reader sees. */
export function useSeen<T extends HTMLElement>(): [(node: T | null) => void, boolean] {
  const [seen, setSeen] = useState(false)
  const observer = useRef<IntersectionObserver | null>(null)
  const ref = useCallback((node: T | null) => {
    observer.current?.disconnect()
    if (!node) return
    observer.current = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return
        setSeen(true)
        observer.current?.disconnect()
      },
      { rootMargin: '400px' },
    )
    observer.current.observe(node)
  }, [])
  return [ref, seen]
}
