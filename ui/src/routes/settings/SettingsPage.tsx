import { Page } from '@/kit/Page'
import { Empty } from '@/kit/states'

export function SettingsPage() {
  return (
    <Page title="Settings">
      <Empty title="Nothing here yet" />
    </Page>
  )
}
