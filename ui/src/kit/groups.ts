/** The keys that a metric is grouped by, as one readable part of the address. */

/** A comma within a key is written as in any address, so that it does not part two keys. */
export function joinKeys(keys: readonly string[]): string {
  return keys.map((key) => key.replace(/[%,]/g, (c) => (c === '%' ? '%25' : '%2C'))).join(',')
}

export function splitKeys(text: string): string[] {
  return text
    .split(',')
    .filter(Boolean)
    .map((key) => key.replace(/%(25|2C)/gi, (_, code: string) => (code === '25' ? '%' : ',')))
}
