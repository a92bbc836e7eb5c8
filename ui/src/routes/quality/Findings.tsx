import { AlertTriangle, Check } from 'lucide-react'
import type { Validation } from '@/api/types'
import { counted } from '@/kit/format'

/** A validation in a few words. */
export function Findings({ of }: { of: Validation }) {
  const wrong = of.dataset.length + of.anomalies.reduce((sum, one) => sum + one.reasons.length, 0)
  if (wrong === 0)
    return (
      <span className="k-badge ok">
        <Check size={12} aria-hidden /> as the schema says
      </span>
    )
  const names = of.anomalies.map((one) => one.feature).join(', ')
  return (
    <span className={`k-badge ${of.passed ? 'warn' : 'error'}`} title={names}>
      <AlertTriangle size={12} aria-hidden />
      {wrong === 1 ? '1 anomaly' : `${wrong} anomalies`}
      {of.anomalies.length > 1 && ` in ${counted(of.anomalies.length, 'feature')}`}
    </span>
  )
}
