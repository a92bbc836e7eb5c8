/** What a call used and how long it took: the shares as bars, the numbers beside them. */
import { AlertTriangle } from 'lucide-react'
import type { SpanDetail } from '@/api/types'
import { count, durationText, usd } from '@/kit/format'
import { flagWords, unpricedWords } from './flags'

interface Share {
  label: string
  value: number
  colour: string
}

function Bar({ shares, label }: { shares: Share[]; label: string }) {
  const whole = shares.reduce((sum, share) => sum + share.value, 0)
  if (whole <= 0) return null
  return (
    <div className="c-bar" role="img" aria-label={label}>
      {shares.map(
        (share) =>
          share.value > 0 && (
            <i
              key={share.label}
              style={{ width: `${(share.value / whole) * 100}%`, background: share.colour }}
              title={`${share.label}: ${count(share.value)}`}
            />
          ),
      )}
    </div>
  )
}

export function Usage({ span }: { span: SpanDetail }) {
  const { input_tokens: input, output_tokens: output, ttft_ms: first, duration_ms: took } = span
  const cached = Math.min(span.cache_read_tokens ?? 0, input ?? 0)
  const written = Math.min(span.cache_write_tokens ?? 0, (input ?? 0) - cached)
  const thought = Math.min(span.reasoning_tokens ?? 0, output ?? 0)
  const shares: Share[] = [
    { label: 'input', value: (input ?? 0) - cached - written, colour: 'var(--cat-1)' },
    { label: 'from cache', value: cached, colour: 'var(--cat-4)' },
    { label: 'to cache', value: written, colour: 'var(--cat-7)' },
    { label: 'output', value: (output ?? 0) - thought, colour: 'var(--cat-0)' },
    { label: 'reasoning', value: thought, colour: 'var(--cat-5)' },
  ]
  const known = input !== null || output !== null
  const cost = span.cost_usd ?? span.reported_cost_usd
  const flags = span.usage_flags.split(',').filter(Boolean)
  const unpriced = unpricedWords(span.cost_status)
  return (
    <div className="c-usage">
      {known ? (
        <div>
          <Bar shares={shares} label="Tokens by kind" />
          <p>
            {shares
              .filter((share) => share.value > 0)
              .map((share) => (
                <span key={share.label}>
                  <i className="c-dot" style={{ background: share.colour }} aria-hidden />{' '}
                  {count(share.value)} <span className="unit">{share.label}</span>
                </span>
              ))}
            <span>
              {cost === null ? (
                <span className="quiet">cost unknown{unpriced && `: ${unpriced}`}</span>
              ) : (
                <>
                  <b>{usd(cost)}</b>
                  {span.cost_usd === null && <span className="unit"> said by the sender</span>}
                </>
              )}
            </span>
            {span.duplicate_of && <span className="quiet">reported twice, counted once</span>}
          </p>
        </div>
      ) : (
        span.kind === 'llm' &&
        !flags.includes('impossible_count') && (
          <p className="quiet">Tokens unknown: the sender did not say.</p>
        )
      )}
      {flags.map((flag) => (
        <p className="c-flag" key={flag}>
          <AlertTriangle size={13} aria-hidden /> {flagWords(flag)}
        </p>
      ))}
      {first !== null && took !== null && took > 0 && (
        <div>
          <Bar
            label="Time to the first token, and after it"
            shares={[
              { label: 'ms to the first token', value: Math.min(first, took), colour: 'var(--cat-3)' },
              { label: 'ms after it', value: Math.max(took - first, 0), colour: 'var(--bars)' },
            ]}
          />
          <p>
            <span>
              <i className="c-dot" style={{ background: 'var(--cat-3)' }} aria-hidden /> {durationText(first)}{' '}
              <span className="unit">to the first token</span>
            </span>
            <span>
              {durationText(took)} <span className="unit">in all</span>
            </span>
            {output !== null && took > first && (
              <span>
                {count(Math.round((output / (took - first)) * 1000))} <span className="unit">tokens/s</span>
              </span>
            )}
          </p>
        </div>
      )}
    </div>
  )
}
