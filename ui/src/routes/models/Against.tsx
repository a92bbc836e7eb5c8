/** Which version is looked at, and what it is held against. */
import { Select } from '@mantine/core'
import { absolute } from '@/kit/time'
import { useView } from '@/kit/view'
import { VersionChoice } from './VersionChoice'

export function Against({ versions, what }: { versions: string[]; what: string }) {
  const { search, range, patch } = useView()
  const named = versions.filter(Boolean)
  const base = search.base ?? ''
  const fixed = base.includes('..') ? [{ value: base, label: 'a fixed time' }] : []
  const options = [
    { value: '', label: 'the time just before' },
    { value: 'half', label: 'the first half of this time' },
    { value: 'day', label: 'the same time a day before' },
    { value: 'week', label: 'the same time a week before' },
    ...named.map((one) => ({ value: `version:${one}`, label: `version ${one}` })),
    ...fixed,
    { value: 'fix', label: 'this time, kept fixed' },
  ]
  return (
    <>
      <VersionChoice versions={versions} />
      <span className="quiet" aria-hidden>
        {what}
      </span>
      <Select
        aria-label={what}
        title={what}
        w={210}
        data={options}
        value={options.some((one) => one.value === base) ? base : ''}
        onChange={(value) => {
          const now = absolute(range, Date.now())
          patch({
            base:
              value === 'fix'
                ? `${now.from}..${now.to === 'now' ? new Date().toISOString() : now.to}`
                : value || undefined,
          })
        }}
        allowDeselect={false}
      />
    </>
  )
}
