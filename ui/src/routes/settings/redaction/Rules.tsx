import { Button, Switch } from '@mantine/core'
import type { RedactionChoice, RedactionRule, RedactionState } from '@/api/types'
import { switched, switchedAll } from './choice'

interface Props {
  state: RedactionState
  admin: boolean
  busy: boolean
  save: (choice: RedactionChoice) => void
}

const FAMILIES = [
  { key: 'secrets', family: 'secret', title: 'Secrets' },
  { key: 'pii', family: 'pii', title: 'Personal data' },
] as const

/** The built-in rules by category, each with a switch. */
export function Rules({ state, admin, busy, save }: Props) {
  return FAMILIES.map(({ key, family, title }) => {
    const rules = state.rules.filter((rule) => rule.family === family)
    const on = rules.filter((rule) => rule.on).length
    const free = rules.filter((rule) => !rule.locked)
    const choice = state.choice as RedactionChoice
    return (
      <details key={key} className="redaction-family" open={key === 'pii'}>
        <summary>
          {title}{' '}
          <span className="unit">
            {on} of {rules.length} on
          </span>
        </summary>
        {admin && free.length > 0 && (
          <div className="redaction-all">
            {[true, false].map((all) => (
              <Button
                key={String(all)}
                variant="subtle"
                disabled={busy}
                aria-label={`${title}: all ${all ? 'on' : 'off'}`}
                onClick={() =>
                  save(
                    switchedAll(
                      choice,
                      key,
                      rules.map((rule) => rule.name),
                      all,
                    ),
                  )
                }
              >
                {all ? 'All on' : 'None by this project'}
              </Button>
            ))}
          </div>
        )}
        <ul className="redaction-rules">
          {rules.map((rule) => (
            <li key={rule.name}>
              <RuleSwitch
                rule={rule}
                disabled={!admin || busy}
                onChange={(to) => save(switched(choice, rule, to))}
              />
            </li>
          ))}
        </ul>
      </details>
    )
  })
}

function RuleSwitch(props: { rule: RedactionRule; disabled: boolean; onChange: (on: boolean) => void }) {
  const { rule } = props
  return (
    <Switch
      size="xs"
      label={<span className="mono">{rule.name}</span>}
      description={`${rule.what}${rule.locked ? ' · on by the server’s configuration' : ''}`}
      checked={rule.on}
      disabled={props.disabled || rule.locked}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  )
}
