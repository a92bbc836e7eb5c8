import { Button, Modal } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleSlash, Clock, Plus, ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { keysQuery, revokeKey } from '@/api/adminQueries'
import { infoQuery } from '@/api/queries'
import type { ApiKey } from '@/api/types'
import { useNow } from '@/kit/hooks'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { FormError } from './FormError'
import { NewKeyModal } from './NewKeyModal'

export function Keys({ admin }: { admin: boolean }) {
  const info = useQuery(infoQuery)
  const query = useQuery(keysQuery(admin))
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey>()
  if (!admin) {
    return (
      <section>
        <h2>Keys</h2>
        <Empty title="Only an admin sees keys">
          <p>
            You are signed in as {info.data?.identity?.name ?? 'nobody'} with{' '}
            {info.data?.identity?.scopes.join(', ') || 'no scopes'}. Sign in with a key that has the admin
            scope, or use <span className="mono">tapetum keys</span> on the server.
          </p>
        </Empty>
      </section>
    )
  }
  return (
    <section>
      <div className="settings-head">
        <h2>Keys</h2>
        <span className="grow" />
        <Button leftSection={<Plus size={13} aria-hidden />} onClick={() => setMaking(true)}>
          New key
        </Button>
      </div>
      {info.data?.auth === 'open' ? (
        <p className="quiet">
          This server is open: it listens on this machine only and asks nobody for a key. Once it listens
          elsewhere, every sender and reader needs one.
        </p>
      ) : (
        <p className="quiet">A key is shown once, when it is made. The server keeps only a hash of it.</p>
      )}
      {query.isPending ? (
        <SkeletonRows rows={5} label="Loading keys" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.data.keys.length === 0 ? (
        <Empty title="No keys yet">
          <p>Senders need the ingest scope, people and notebooks read, and this page admin.</p>
          <Snippet text="tapetum keys create --name my-app --scope ingest" label="making a key" />
        </Empty>
      ) : (
        <div className="settings-wide" role="region" aria-label="Keys" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Starts with</th>
                <th scope="col">Scopes</th>
                <th scope="col">Project</th>
                <th scope="col">Last used</th>
                <th scope="col">Ends</th>
                <th scope="col">
                  <span className="sr-only">Revoke</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.keys.toSorted(usableFirst).map((key) => (
                <Row key={key.id} apiKey={key} onRevoke={() => setRevoking(key)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {making && <NewKeyModal projects={info.data?.projects ?? []} onClose={() => setMaking(false)} />}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </section>
  )
}

const usableFirst = (a: ApiKey, b: ApiKey): number =>
  Number(!!a.revoked_at) - Number(!!b.revoked_at) || a.name.localeCompare(b.name)

function Row({ apiKey: key, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const now = useNow()
  const over = key.expires_at !== null && isoToMs(key.expires_at) <= now
  return (
    <tr className={key.revoked_at || over ? 'ended' : ''}>
      <td>{key.name}</td>
      <td className="mono">{key.prefix}…</td>
      <td>{key.scopes.join(', ')}</td>
      <td>{key.project ?? <span className="quiet">all</span>}</td>
      <td>
        {key.last_used_at ? <RelativeTime iso={key.last_used_at} /> : <span className="quiet">never</span>}
      </td>
      <td>
        {key.revoked_at ? (
          <span className="k-badge error">
            <CircleSlash size={12} aria-hidden /> revoked <RelativeTime iso={key.revoked_at} />
          </span>
        ) : over ? (
          <span className="k-badge warn">
            <Clock size={12} aria-hidden /> expired
          </span>
        ) : key.expires_at ? (
          <RelativeTime iso={key.expires_at} />
        ) : (
          <span className="quiet">never</span>
        )}
      </td>
      <td className="num">
        {!key.revoked_at && (
          <Button variant="subtle" color="red" aria-label={`Revoke ${key.name}`} onClick={onRevoke}>
            Revoke
          </Button>
        )}
      </td>
    </tr>
  )
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => revokeKey(apiKey.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['/keys'] })
      notifications.show({ message: `${apiKey.name} is revoked` })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Revoke ${apiKey.name}?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="settings-form">
        <p>
          <ShieldAlert size={14} aria-hidden /> Whoever uses <span className="mono">{apiKey.prefix}…</span> is
          refused from now on. It was last used{' '}
          {apiKey.last_used_at ? <RelativeTime iso={apiKey.last_used_at} /> : 'never'}. A revoked key does not
          come back.
        </p>
        <FormError error={revoke.error} />
        <div className="settings-actions">
          <Button data-autofocus onClick={onClose}>
            Keep it
          </Button>
          <Button className="settings-danger" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke
          </Button>
        </div>
      </div>
    </Modal>
  )
}
