import type { PromptDiff, PromptVersion } from '@/api/types'
import { DiffLines } from '@/kit/Diff'
import { count, counted } from '@/kit/format'

const VARIABLE = /(\{\{\s*[A-Za-z_][\w.]{0,99}\s*\}\})/

function Text({ of }: { of: string }) {
  return (
    <pre className="pr-text" tabIndex={0} aria-label="Prompt text">
      {of
        .split(VARIABLE)
        .map((part, i) => (i % 2 ? <mark key={i}>{part}</mark> : <span key={i}>{part}</span>))}
    </pre>
  )
}

/** A version's text or messages, its variables marked. */
export function PromptText({ version }: { version: PromptVersion }) {
  const config = Object.keys(version.config).length ? JSON.stringify(version.config, null, 2) : ''
  return (
    <>
      {typeof version.prompt === 'string' ? (
        <Text of={version.prompt} />
      ) : (
        version.prompt.map((message, i) => (
          <section key={i} className="pr-message" aria-label={`${message.role} message`}>
            <h2>{message.role}</h2>
            {message.role === 'placeholder' ? (
              <p className="quiet">
                The messages that the application gives as <span className="mono">{message.content}</span>.
              </p>
            ) : (
              <Text of={message.content} />
            )}
          </section>
        ))
      )}
      {version.variables.length > 0 && (
        <p className="pr-facts">
          <span className="quiet">Variables</span> {version.variables.join(', ')}
        </p>
      )}
      {config && (
        <section className="pr-message" aria-label="Configuration">
          <h2>configuration</h2>
          <pre className="pr-text" tabIndex={0} aria-label="Configuration as JSON">
            {config}
          </pre>
        </section>
      )}
    </>
  )
}

/** Two versions, line by line. */
export function DiffText({ diff }: { diff: PromptDiff }) {
  const changed = JSON.stringify(diff.config_before) !== JSON.stringify(diff.config_after)
  return (
    <>
      <p className="pr-facts">
        Version {diff.before} → {diff.after}: {counted(diff.added, 'line')} added, {count(diff.removed)}{' '}
        removed
        {changed && ', configuration changed'}
        {diff.truncated && '; only the first lines are compared'}
      </p>
      <DiffLines lines={diff.lines} label="Difference, line by line" />
      {changed && (
        <DiffLines
          label="Difference of the configuration"
          lines={[
            { op: 'removed', text: JSON.stringify(diff.config_before) },
            { op: 'added', text: JSON.stringify(diff.config_after) },
          ]}
        />
      )}
    </>
  )
}
