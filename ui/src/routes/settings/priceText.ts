import type { ModelPrice, Price } from '@/api/types'
import { compact } from '@/kit/format'

/** Prices of one's own that are not as the rest of the input or output. */
const PARTS = [
  ['cache_read_usd', 'cache read'],
  ['cache_write_usd', 'cache write'],
  ['audio_input_usd', 'audio in'],
  ['audio_output_usd', 'audio out'],
  ['image_input_usd', 'images in'],
] as const

/** `0.15 in, 0.6 out a million tokens`. */
export function priceText(price: Price | ModelPrice): string {
  if (price.hourly_usd !== null) {
    return 'accelerators' in price
      ? `${price.hourly_usd} an hour × ${price.accelerators}`
      : `${price.hourly_usd} an hour`
  }
  const beyond =
    'steps' in price && price.steps.length ? `, more beyond ${compact(price.steps[0]!)} tokens` : ''
  const parts =
    'accelerators' in price
      ? PARTS.flatMap(([name, words]) => (price[name] === null ? [] : [`, ${price[name]} ${words}`]))
      : []
  return `${price.input_usd} in, ${price.output_usd} out${parts.join('')} a million tokens${beyond}`
}
