import type { ModelPrice, Price } from '@/api/types'
import { compact } from '@/kit/format'

/** `0.15 in, 0.6 out a million tokens`. */
export function priceText(price: Price | ModelPrice): string {
  if (price.hourly_usd !== null) {
    return 'accelerators' in price
      ? `${price.hourly_usd} an hour × ${price.accelerators}`
      : `${price.hourly_usd} an hour`
  }
  const beyond =
    'steps' in price && price.steps.length ? `, more beyond ${compact(price.steps[0]!)} tokens` : ''
  return `${price.input_usd} in, ${price.output_usd} out a million tokens${beyond}`
}
