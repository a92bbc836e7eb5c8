/** OpenTelemetry's severity numbers in six words. */
export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Severity = (typeof SEVERITIES)[number]

export function severityOf(number: number): Severity | null {
  if (number < 1 || number > 24) return null
  return SEVERITIES[Math.floor((number - 1) / 4)]!
}

export function severityColour(number: number): string {
  const severity = severityOf(number)
  if (severity === 'error' || severity === 'fatal') return 'var(--bad)'
  if (severity === 'warn') return 'var(--warn)'
  return 'var(--text-2)'
}
