import { Button, SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { usePref, useUtc } from '@/kit/prefs'

/** Kept on this device; nobody else sees it. */
export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [utc, setUtc] = useUtc()
  const [filter, setFilter] = usePref('filter-mode', 'chips')
  const [changes, setChanges] = usePref('changes', 'shown')
  const [, setDrawer] = usePref('drawer-width', '40')
  return (
    <section>
      <h2>Appearance</h2>
      <p className="quiet">These stay on this device.</p>
      <div className="settings-choices">
        <span id="settings-theme">Theme</span>
        <SegmentedControl
          aria-labelledby="settings-theme"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          data={[
            { value: 'dark', label: 'Dark' },
            { value: 'light', label: 'Light' },
            { value: 'auto', label: 'System' },
          ]}
        />
        <span id="settings-zone">Times</span>
        <SegmentedControl
          aria-labelledby="settings-zone"
          value={utc ? 'utc' : 'local'}
          onChange={(value) => setUtc(value === 'utc')}
          data={[
            { value: 'local', label: `Local (${Intl.DateTimeFormat().resolvedOptions().timeZone})` },
            { value: 'utc', label: 'UTC' },
          ]}
        />
        <span id="settings-filter">Filters</span>
        <SegmentedControl
          aria-labelledby="settings-filter"
          value={filter === 'chips' ? 'chips' : 'text'}
          onChange={setFilter}
          data={[
            { value: 'chips', label: 'As chips' },
            { value: 'text', label: 'As text' },
          ]}
        />
        <span id="settings-changes">Deploys and changes</span>
        <SegmentedControl
          aria-labelledby="settings-changes"
          value={changes === 'shown' ? 'shown' : 'hidden'}
          onChange={setChanges}
          data={[
            { value: 'shown', label: 'On charts' },
            { value: 'hidden', label: 'Hidden' },
          ]}
        />
        <span>Drawer</span>
        <Button onClick={() => setDrawer('40')}>Back to 40 %</Button>
      </div>
    </section>
  )
}
