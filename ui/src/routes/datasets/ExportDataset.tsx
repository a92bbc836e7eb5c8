import { Button, Menu } from '@mantine/core'
import { Download } from 'lucide-react'
import { apiUrl } from '@/api/client'

const FORMATS = [
  { value: 'jsonl', label: 'Lines of JSON', about: 'an object an item' },
  { value: 'csv', label: 'CSV', about: 'for spreadsheets' },
  { value: 'parquet', label: 'Parquet', about: 'for data frames' },
] as const

/** All items of one version as a file, which the browser saves. */
export function ExportDataset({
  project,
  name,
  version,
}: {
  project: string
  name: string
  version: number
}) {
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button variant="default" leftSection={<Download size={13} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>All items of version {version}</Menu.Label>
        {FORMATS.map((format) => (
          <Menu.Item
            key={format.value}
            component="a"
            href={apiUrl('/datasets/export', { project, name, version, format: format.value })}
            download
            rightSection={<span className="unit">{format.about}</span>}
          >
            {format.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
