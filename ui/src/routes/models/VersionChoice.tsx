/** Which version is looked at. */
import { Select } from '@mantine/core'
import { useView } from '@/kit/view'

export function VersionChoice({ versions }: { versions: string[] }) {
  const { search, patch } = useView()
  const named = versions.filter(Boolean)
  if (named.length < 2) return null
  return (
    <Select
      aria-label="Version"
      w={130}
      data={[
        { value: '', label: 'every version' },
        ...named.map((one) => ({ value: one, label: `version ${one}` })),
      ]}
      value={search.version ?? ''}
      onChange={(value) => patch({ version: value || undefined })}
      allowDeselect={false}
    />
  )
}
