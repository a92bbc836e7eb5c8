/** What is wrong, in words that lead on: what, the evidence, the values that offend, what to do next. */
import { AlertTriangle } from 'lucide-react'
import type { AnomalyReason } from '@/api/types'
import { Isolated } from '@/kit/Isolated'

type Told = Pick<AnomalyReason, 'severity' | 'short' | 'description' | 'values' | 'next_step' | 'type'>

export function Reason({ of }: { of: Omit<Told, 'severity'> & { severity: string } }) {
  return (
    <article className="dq-reason">
      <h3 className={`dq-wrong ${of.severity === 'ERROR' ? '' : 'warn'}`}>
        <AlertTriangle size={13} aria-label={of.severity === 'ERROR' ? 'error' : 'warning'} />{' '}
        <Isolated text={of.short} />
      </h3>
      <p>
        <Isolated text={of.description} />
      </p>
      {of.values.length > 0 && (
        <p className="dq-offending">
          {of.values.map((value) => (
            <code key={value}>
              <Isolated text={value || '(empty)'} />
            </code>
          ))}
        </p>
      )}
      <p>{of.next_step}</p>
      <p className="quiet mono">{of.type}</p>
    </article>
  )
}
