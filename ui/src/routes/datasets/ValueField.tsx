import { SegmentedControl, Textarea } from '@mantine/core'
import type { Typed } from './itemValue'

/** A value of an item: a text, or JSON where the reader says so. */
export function ValueField(p: {
  label: string
  description?: string
  value: Typed
  problem?: string | undefined
  onChange: (value: Typed) => void
  autoFocus?: boolean
}) {
  return (
    <div className="ds-value">
      <Textarea
        label={p.label}
        description={p.description}
        value={p.value.text}
        error={p.problem}
        autosize
        minRows={2}
        maxRows={14}
        classNames={p.value.as === 'json' ? { input: 'mono' } : {}}
        data-autofocus={p.autoFocus || undefined}
        onChange={(event) => p.onChange({ ...p.value, text: event.currentTarget.value })}
      />
      <SegmentedControl
        size="xs"
        aria-label={`${p.label} is`}
        value={p.value.as}
        onChange={(as) => p.onChange({ ...p.value, as: as as Typed['as'] })}
        data={[
          { value: 'text', label: 'Text' },
          { value: 'json', label: 'JSON' },
        ]}
      />
    </div>
  )
}
