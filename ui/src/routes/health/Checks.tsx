import { AlertTriangle, Check, CircleDashed, CircleSlash, type LucideIcon } from 'lucide-react'
import type { HealthReport } from '@/api/types'

type Outcome = HealthReport['checks'][number]['outcome']
const SAID: Record<Outcome, { icon: LucideIcon; word: string; tone: string }> = {
  ok: { icon: Check, word: 'nothing found', tone: 'ok' },
  attention: { icon: AlertTriangle, word: 'see above', tone: 'warn' },
  not_enough_data: { icon: CircleSlash, word: 'not enough data', tone: 'quiet' },
  not_seen: { icon: CircleDashed, word: 'nothing to look at', tone: 'quiet' },
}

/** What was looked at: silence about something may also mean that nobody could know. */
export function Checks({ checks }: { checks: HealthReport['checks'] }) {
  return (
    <section className="health-checks">
      <h2>Looked at</h2>
      <dl>
        {checks.map((check) => {
          const { icon: Icon, word, tone } = SAID[check.outcome]
          return (
            <div key={check.name}>
              <dt>{check.name}</dt>
              <dd>
                <span className={`k-badge ${tone}`}>
                  <Icon size={13} aria-hidden /> {word}
                </span>
              </dd>
              <dd className="quiet">{check.text}</dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}
