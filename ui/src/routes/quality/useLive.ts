import { useView } from '@/kit/view'

const EVERY_MS = 5_000

/** How often to ask again: what came meanwhile is looked at within seconds, unless the time is one that is past. */
export function useLive(): number | false {
  const { range } = useView()
  return range.to === 'now' ? EVERY_MS : false
}
