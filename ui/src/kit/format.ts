/** Numbers for people: three significant figures, the unit apart so that it can be small and grey. */

export interface Quantity {
  value: string
  unit: string
}

const figures = (n: number): string =>
  Math.abs(n) >= 100 ? n.toFixed(0) : Math.abs(n) >= 10 ? n.toFixed(1) : n.toFixed(2)

export function duration(ms: number): Quantity {
  if (Math.abs(ms) < 1e-7) return { value: '0', unit: 'ms' }
  // A clock that was set back while the work ran.
  if (ms < 0) {
    const { value, unit } = duration(-ms)
    return { value: `-${value}`, unit }
  }
  if (ms < 0.001) return { value: figures(ms * 1e6), unit: 'ns' }
  if (ms < 1) return { value: figures(ms * 1000), unit: 'µs' }
  if (ms < 1000) return { value: figures(ms), unit: 'ms' }
  if (ms < 60_000) return { value: figures(ms / 1000), unit: 's' }
  if (ms < 3_599_500) return twoUnits(Math.round(ms / 1000), 60, 'min', 's')
  if (ms < 86_370_000) return twoUnits(Math.round(ms / 60_000), 60, 'h', 'min')
  return twoUnits(Math.round(ms / 3_600_000), 24, 'd', 'h')
}

/** `3 min 20 s`, as one says it: nobody counts hundredths of minutes. */
function twoUnits(small: number, per: number, unit: string, smaller: string): Quantity {
  const [many, rest] = [Math.floor(small / per), small % per]
  return rest ? { value: `${many} ${unit} ${rest}`, unit: smaller } : { value: String(many), unit }
}

export function durationText(ms: number | null): string {
  if (ms === null) return 'running'
  const { value, unit } = duration(ms)
  return `${value} ${unit}`
}

export function count(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 0 })
}

/** `1 span`, `1,234 spans`. `more` says that there are at least so many. */
export function counted(n: number, noun: string, more = false): string {
  return `${count(n)}${more ? '+' : ''} ${n === 1 && !more ? noun : `${noun}s`}`
}

export function compact(n: number): string {
  if (Math.abs(n) < 10_000) return Number.isInteger(n) ? count(n) : figures(n)
  if (Math.abs(n) < 1e6) return `${figures(n / 1e3)}k`
  if (Math.abs(n) < 1e9) return `${figures(n / 1e6)}M`
  return `${figures(n / 1e9)}G`
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`
  if (n < 1024 ** 2) return `${figures(n / 1024)} KiB`
  if (n < 1024 ** 3) return `${figures(n / 1024 ** 2)} MiB`
  return `${figures(n / 1024 ** 3)} GiB`
}

export function usd(n: number): string {
  if (n < 0) return `−${usd(-n)}`
  if (n === 0) return '$0'
  if (Math.abs(n) < 0.01) return `$${n.toPrecision(2)}`
  return `$${n.toFixed(2)}`
}

export function shortId(id: string): string {
  return id.length > 12 ? `${id.slice(0, 6)}…${id.slice(-4)}` : id
}

export function ago(ms: number, now: number): string {
  const seconds = Math.round((now - ms) / 1000)
  // Clocks differ a little, and the page's own is read every ten seconds.
  if (seconds < -20) return `in ${roughly(-seconds)}`
  if (seconds < 2) return 'now'
  return `${roughly(seconds)} ago`
}

/** A time span as one says it. */
export function roughly(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 86_400 * 2) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** As the server counts: one for a character that JavaScript keeps as a pair. */
export function characters(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) pairs++
  return text.length - pairs
}
