import type { HostCard } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { PinShipped } from '@/kit/PinShipped'
import { NotEnoughData } from '@/kit/states'
import { Bar } from './Bar'
import { Card } from './Card'
import { Go } from './Go'

const NAMES: Record<string, { name: string; limit: number }> = {
  cpu: { name: 'CPU', limit: 0.9 },
  memory: { name: 'Memory', limit: 0.9 },
  disk: { name: 'Disk', limit: 0.85 },
  // One that is fully used does what it was bought for.
  gpu: { name: 'GPU', limit: 1.01 },
  gpu_memory: { name: 'GPU mem.', limit: 0.98 },
}
/** Of the dashboard Host. */
const PANELS: Record<string, string> = { disk: 'filesystems', gpu_memory: 'gpu-memory' }
const SHOWN = 6

/** Machines, the fullest first. */
export function HostsCard({ hosts }: { hosts: HostCard[] }) {
  const fullest = (host: HostCard) =>
    Math.max(0, ...host.bars.filter((b) => b.resource !== 'gpu').map((b) => b.now ?? 0))
  const sorted = hosts.toSorted((a, b) => fullest(b) - fullest(a))
  return (
    <Card title="Hosts" to="/metrics-explorer">
      {hosts.length === 0 && (
        <NotEnoughData title="No host metrics in this project">
          <p>
            <span className="mono">tapetum serve</span> measures its own machine into project{' '}
            <span className="mono">default</span>; others do with the SDK or a Collector (system.*, hw.*).
          </p>
        </NotEnoughData>
      )}
      {sorted.slice(0, SHOWN).map((host) => (
        <div key={host.host} className="health-host">
          <h3>
            <Go link={host.link}>
              <Isolated text={host.host} />
            </Go>
          </h3>
          {host.bars.map((bar) => (
            <Bar
              key={bar.resource}
              name={NAMES[bar.resource]?.name ?? bar.resource}
              share={bar.now}
              limit={NAMES[bar.resource]?.limit ?? 0.9}
              points={bar.points.map((point) => point[1] as number)}
              pin={
                <PinShipped
                  dashboard="host"
                  panel={PANELS[bar.resource] ?? bar.resource}
                  title={`${NAMES[bar.resource]?.name ?? bar.resource} of ${host.host}`}
                  chosen={{ host: [host.host] }}
                />
              }
            />
          ))}
        </div>
      ))}
      {hosts.length > SHOWN && <p className="quiet">And {hosts.length - SHOWN} more hosts that use less.</p>}
    </Card>
  )
}
