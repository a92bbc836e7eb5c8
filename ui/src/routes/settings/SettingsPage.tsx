import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { infoQuery } from '@/api/queries'
import { Page } from '@/kit/Page'
import { SetUp } from '@/kit/SetUp'
import { useView } from '@/kit/view'
import { About } from './About'
import { Appearance } from './Appearance'
import { Backups } from './Backups'
import { Keys } from './Keys'
import { OwnHealth } from './OwnHealth'
import { Prices } from './Prices'
import { Projects } from './Projects'
import { Redaction } from './redaction/Redaction'
import { ScrapeTargets } from './ScrapeTargets'
import { Storage } from './Storage'
import './settings.css'

const TABS = [
  { value: 'projects', label: 'Projects' },
  { value: 'storage', label: 'Storage' },
  { value: 'keys', label: 'Keys' },
  { value: 'send', label: 'Set-up' },
  { value: 'redaction', label: 'Redaction' },
  { value: 'scrape', label: 'Scrape targets' },
  { value: 'prices', label: 'Prices' },
  { value: 'health', label: 'Own health' },
  { value: 'appearance', label: 'Appearance' },
  { value: 'about', label: 'About' },
]

export function SettingsPage() {
  const { scope, search, patch } = useView()
  const info = useQuery(infoQuery)
  const admin = info.data?.identity?.scopes.includes('admin') ?? false
  const everything = admin && info.data?.identity?.project === null
  const tab = TABS.find((t) => t.value === search.tab)?.value ?? 'projects'
  return (
    <Page title={`${TABS.find((t) => t.value === tab)!.label} · Settings`}>
      <Tabs
        className="settings-page"
        value={tab}
        onChange={(value) => patch({ tab: value && value !== 'projects' ? value : undefined })}
      >
        <Tabs.List aria-label="Settings">
          {TABS.map((t) => (
            <Tabs.Tab key={t.value} value={t.value}>
              {t.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((t) => (
          <Tabs.Panel key={t.value} value={t.value} className="k-scroll settings-panel">
            {t.value === tab &&
              (tab === 'projects' ? (
                <Projects admin={admin} />
              ) : tab === 'storage' ? (
                <>
                  <Storage />
                  {everything && <Backups />}
                </>
              ) : tab === 'keys' ? (
                <Keys admin={admin} />
              ) : tab === 'send' ? (
                <section>
                  <h2>Send data to project {scope.project}</h2>
                  <p className="quiet">
                    What to paste, with this server’s address in it. The project in the top bar is the one
                    named here.
                  </p>
                  <SetUp project={scope.project} />
                </section>
              ) : tab === 'redaction' ? (
                <Redaction project={scope.project} admin={admin} key={scope.project} />
              ) : tab === 'scrape' ? (
                <ScrapeTargets project={scope.project} />
              ) : tab === 'prices' ? (
                <Prices project={scope.project} admin={admin} everything={everything} />
              ) : tab === 'health' ? (
                <OwnHealth />
              ) : tab === 'appearance' ? (
                <Appearance />
              ) : (
                <About />
              ))}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  )
}
