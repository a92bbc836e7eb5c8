import { Button, Checkbox, TextInput } from '@mantine/core'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { RedactionChoice, RedactionState } from '@/api/types'

interface Props {
  state: RedactionState
  admin: boolean
  busy: boolean
  save: (choice: RedactionChoice) => void
}

/** Patterns of the project's own, and texts that are left alone. */
export function OwnRules({ state, admin, busy, save }: Props) {
  const choice = state.choice as RedactionChoice
  const configured = state.rules.filter((rule) => rule.family === 'own' && rule.by === 'configuration')
  return (
    <>
      <h3>Patterns of your own</h3>
      <ul className="redaction-list">
        {configured.map((rule) => (
          <li key={rule.name}>
            <span className="mono">{rule.name}</span>
            <span className="quiet">{rule.what} · by the server’s configuration</span>
          </li>
        ))}
        {choice.pattern.map((pattern) => (
          <li key={pattern.name}>
            <span className="mono">{pattern.name}</span>
            <code>{pattern.pattern}</code>
            {pattern.ignore_case && <span className="quiet">any case</span>}
            {admin && (
              <Button
                variant="subtle"
                color="gray"
                disabled={busy}
                aria-label={`Remove the pattern ${pattern.name}`}
                onClick={() =>
                  save({ ...choice, pattern: choice.pattern.filter((each) => each.name !== pattern.name) })
                }
              >
                <X size={13} aria-hidden />
              </Button>
            )}
          </li>
        ))}
        {!configured.length && !choice.pattern.length && (
          <li className="quiet">None. For numbers of customers or tickets: TCK-[0-9]{'{6}'}</li>
        )}
      </ul>
      {admin && (
        <AddPattern
          busy={busy}
          add={(pattern) => save({ ...choice, pattern: [...choice.pattern, pattern] })}
        />
      )}
      <h3>Left alone</h3>
      <p className="quiet">
        Texts that look like secrets and are none. They are kept in clear, so put no secret here.{' '}
        {state.may_weaken
          ? 'They reach every rule.'
          : 'They reach the rules that this project switched on, not those of the server’s configuration.'}
      </p>
      <ul className="redaction-list">
        {choice.allow.map((text) => (
          <li key={text}>
            <code>{text}</code>
            {admin && (
              <Button
                variant="subtle"
                color="gray"
                disabled={busy}
                aria-label={`No longer leave ${text} alone`}
                onClick={() => save({ ...choice, allow: choice.allow.filter((each) => each !== text) })}
              >
                <X size={13} aria-hidden />
              </Button>
            )}
          </li>
        ))}
        {!choice.allow.length && <li className="quiet">None.</li>}
      </ul>
      {admin && (
        <AddAllowed busy={busy} add={(text) => save({ ...choice, allow: [...choice.allow, text] })} />
      )}
    </>
  )
}

function AddPattern({
  busy,
  add,
}: {
  busy: boolean
  add: (pattern: RedactionChoice['pattern'][number]) => void
}) {
  const [name, setName] = useState('')
  const [pattern, setPattern] = useState('')
  const [ignoreCase, setIgnoreCase] = useState(false)
  return (
    <form
      className="redaction-add"
      onSubmit={(event) => {
        event.preventDefault()
        add({ name, pattern, what: '', ignore_case: ignoreCase })
        setName('')
        setPattern('')
      }}
    >
      <TextInput
        label="Name of the pattern"
        placeholder="ticket"
        maxLength={40}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Regular expression"
        placeholder="TCK-[0-9]{6}"
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        value={pattern}
        onChange={(event) => setPattern(event.currentTarget.value)}
      />
      <Checkbox
        label="Any case"
        checked={ignoreCase}
        onChange={(event) => setIgnoreCase(event.currentTarget.checked)}
      />
      <Button type="submit" disabled={busy || !name || !pattern} leftSection={<Plus size={13} aria-hidden />}>
        Add pattern
      </Button>
    </form>
  )
}

function AddAllowed({ busy, add }: { busy: boolean; add: (text: string) => void }) {
  const [text, setText] = useState('')
  return (
    <form
      className="redaction-add"
      onSubmit={(event) => {
        event.preventDefault()
        add(text)
        setText('')
      }}
    >
      <TextInput
        label="Text to leave alone; * at an end stands for any"
        placeholder="*@shop.example"
        maxLength={201}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" disabled={busy || text.length < 4} leftSection={<Plus size={13} aria-hidden />}>
        Leave alone
      </Button>
    </form>
  )
}
