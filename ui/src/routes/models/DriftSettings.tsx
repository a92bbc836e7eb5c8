/** By what drift is measured, above which value, in which chunks; and whether all columns are looked at together. */
import { Button, Checkbox, Popover, Select } from '@mantine/core'
import { SlidersHorizontal } from 'lucide-react'
import { useView } from '@/kit/view'
import { changedCount, CHUNKS, LIMITS, METHODS } from './driftAsked'

export function DriftSettings() {
  const { search, patch } = useView()
  const changed = changedCount(search)
  const field = (
    label: string,
    key: 'method' | 'limit' | 'chunk',
    data: { value: string; label: string }[],
  ) => {
    const value = search[key] ?? ''
    const own = data.some((one) => one.value === value) ? [] : [{ value, label: value }]
    return (
      <Select
        label={label}
        data={[...data, ...own]}
        value={value}
        onChange={(next) => patch({ [key]: next || undefined })}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false, shadow: 'none' }}
      />
    )
  }
  return (
    <Popover position="bottom-end" width={320} trapFocus>
      <Popover.Target>
        <Button leftSection={<SlidersHorizontal size={13} aria-hidden />}>
          {changed ? `Measured by … (${changed})` : 'Measured by …'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className="mo-settings">
        {field('Distance', 'method', METHODS)}
        {field('Drift above', 'limit', LIMITS)}
        {field('Chunks of this time', 'chunk', CHUNKS)}
        <Checkbox
          label="Look at all columns together too"
          description="A classifier and principal components: finds columns that no longer go together. Takes seconds."
          checked={search.multi === '1'}
          onChange={(event) => patch({ multi: event.currentTarget.checked ? '1' : undefined })}
        />
      </Popover.Dropdown>
    </Popover>
  )
}
