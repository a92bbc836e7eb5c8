import { Button, Popover, SegmentedControl, TextInput } from '@mantine/core'
import { Clock } from 'lucide-react'
import { useState } from 'react'
import { useUtc } from './prefs'
import { describe, parseTyped, PRESETS, resolve, stamp, type Range } from './time'
import './time.css'

/** Relative, absolute or typed; in the reader's zone or in UTC. */
export function TimePicker({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const [open, setOpen] = useState(false)
  const [utc, setUtc] = useUtc()
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          leftSection={<Clock size={13} aria-hidden />}
          onClick={() => setOpen(!open)}
          aria-label={`Time range: ${describe(range, utc)}`}
        >
          <span className="k-range">{describe(range, utc)}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        {open && (
          <Panel
            range={range}
            utc={utc}
            onUtc={setUtc}
            onChange={(next) => {
              onChange(next)
              setOpen(false)
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

function Panel(p: {
  range: Range
  utc: boolean
  onUtc: (utc: boolean) => void
  onChange: (range: Range) => void
}) {
  const { range, utc } = p
  const [typed, setTyped] = useState('')
  const [now] = useState(() => Date.now())
  const local = (text: string, fallback: number) =>
    stamp(resolve(text, now) ?? fallback, utc).replace(' ', 'T')
  const [from, setFrom] = useState(() => local(range.from, now - 3_600_000))
  const [to, setTo] = useState(() => local(range.to, now))
  const parsed = parseTyped(typed, utc)
  const moment = (value: string) =>
    Date.parse(value.length === 16 ? `${value}:00${utc ? 'Z' : ''}` : value + (utc ? 'Z' : ''))
  const [start, end] = [moment(from), moment(to)]
  const wrong =
    Number.isNaN(start) || Number.isNaN(end) ? 'Give both times' : end <= start ? 'Ends before it starts' : ''
  return (
    <div className="k-time">
      <ul aria-label="Presets">
        {PRESETS.map((preset) => (
          <li key={preset.from}>
            <button
              type="button"
              className="plain"
              aria-current={range.from === preset.from && range.to === 'now'}
              onClick={() => p.onChange({ from: preset.from, to: 'now' })}
            >
              {preset.label}
            </button>
          </li>
        ))}
      </ul>
      <div className="k-time-form">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (parsed) p.onChange(parsed)
          }}
        >
          <TextInput
            label="Type a range"
            placeholder="45m · 3d · 2026-11-23 10:00 to 11:30"
            data-autofocus
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            error={typed && !parsed ? 'Try 45m, 3d, or two times with “to”' : undefined}
          />
        </form>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (!wrong) p.onChange({ from: new Date(start).toISOString(), to: new Date(end).toISOString() })
          }}
        >
          <label>
            From
            <input
              type="datetime-local"
              step={1}
              value={from}
              onChange={(event) => setFrom(event.target.value)}
            />
          </label>
          <label>
            To
            <input
              type="datetime-local"
              step={1}
              value={to}
              onChange={(event) => setTo(event.target.value)}
            />
          </label>
          {wrong && <p role="alert">{wrong}</p>}
          <div className="row">
            <SegmentedControl
              aria-label="Time zone"
              value={utc ? 'utc' : 'local'}
              onChange={(value) => p.onUtc(value === 'utc')}
              data={[
                { value: 'local', label: 'Local' },
                { value: 'utc', label: 'UTC' },
              ]}
            />
            <span className="grow" />
            <Button type="submit" variant="filled" disabled={wrong !== ''}>
              Apply
            </Button>
          </div>
        </form>
      </div>
    </div>
  )
}
