/** What models cost: those that nobody knows a price of first, prices of one's own, and stored calls priced anew. */
import { Button, Modal } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { deletePrice, pricedModelsQuery, pricesQuery } from '@/api/priceQueries'
import type { Price, PricedModel } from '@/api/types'
import { compact, count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { FormError } from './FormError'
import { priceText } from './priceText'
import { PriceModal, type Draft } from './PriceModal'
import { RepriceModal } from './RepriceModal'

const HOW = `tapetum prices set 'my-7b*' --input 0.2 --output 0.6`

export function Prices({
  project,
  admin,
  everything,
}: {
  project: string
  admin: boolean
  everything: boolean
}) {
  const own = useQuery(pricesQuery(project))
  const models = useQuery(pricedModelsQuery(project))
  const [draft, setDraft] = useState<Draft>()
  const [deleting, setDeleting] = useState<Price>()
  const [repricing, setRepricing] = useState(false)
  return (
    <section>
      <div className="settings-head">
        <h2>Prices</h2>
        <span className="grow" />
        {admin && (
          <>
            <Button onClick={() => setRepricing(true)}>Reprice the last 30 days</Button>
            <Button leftSection={<Plus size={13} aria-hidden />} onClick={() => setDraft({})}>
              New price
            </Button>
          </>
        )}
      </div>
      <p className="quiet">
        Calls cost what the installed price list says, unless a price below comes first. A change holds for
        what arrives from then on; stored calls keep their cost until they are repriced.
      </p>
      {own.isPending ? (
        <SkeletonRows rows={3} label="Loading prices" />
      ) : own.isError ? (
        <Failure error={own.error} retry={() => void own.refetch()} />
      ) : own.data.rows.length === 0 ? (
        <Empty title="No prices of your own">
          <p>
            For a negotiated price, or a model that the list does not know, or a machine of yours by the hour:
          </p>
          <Snippet text={HOW} label="the command that sets a price" />
        </Empty>
      ) : (
        <Own
          rows={own.data.rows}
          may={(row) => (row.project === null ? everything : admin)}
          onEdit={(row) => setDraft({ price: row })}
          onDelete={setDeleting}
        />
      )}
      <h2 className="settings-models">Models of the last 30 days</h2>
      {models.isPending ? (
        <SkeletonRows rows={5} label="Loading models" />
      ) : models.isError ? (
        <Failure error={models.error} retry={() => void models.refetch()} />
      ) : models.data.rows.length === 0 ? (
        <Empty title="No calls of models yet">
          <p>
            As soon as calls arrive in this project, this says what each model costs and which have no price.
          </p>
        </Empty>
      ) : (
        <Models
          rows={models.data.rows}
          total={models.data.total}
          onPrice={admin ? (model) => setDraft({ model }) : undefined}
        />
      )}
      {draft && (
        <PriceModal
          project={project}
          draft={draft}
          everything={everything}
          onClose={() => setDraft(undefined)}
        />
      )}
      {deleting && <Delete price={deleting} onClose={() => setDeleting(undefined)} />}
      {repricing && <RepriceModal project={project} onClose={() => setRepricing(false)} />}
    </section>
  )
}

function Own(p: {
  rows: Price[]
  may: (row: Price) => boolean
  onEdit: (row: Price) => void
  onDelete: (row: Price) => void
}) {
  return (
    <div className="settings-wide" role="region" aria-label="Prices of your own" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Price, USD</th>
            <th scope="col">From</th>
            <th scope="col">Project</th>
            <th scope="col">Changed</th>
            <th scope="col">
              <span className="sr-only">Edit or delete</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {p.rows.map((row) => (
            <tr key={row.id}>
              <td>
                {row.provider && (
                  <span className="quiet">
                    <Isolated text={row.provider} /> ·{' '}
                  </span>
                )}
                <Isolated text={row.model} />
              </td>
              <td>{priceText(row)}</td>
              <td>{row.valid_from ?? <span className="quiet">always</span>}</td>
              <td>{row.project ?? <span className="quiet">all</span>}</td>
              <td title={row.updated_by}>
                <RelativeTime iso={row.updated_at} />
              </td>
              <td className="num">
                {p.may(row) && (
                  <>
                    <Button variant="subtle" aria-label={`Edit ${row.model}`} onClick={() => p.onEdit(row)}>
                      Edit
                    </Button>
                    <Button
                      variant="subtle"
                      color="red"
                      aria-label={`Delete ${row.model}`}
                      onClick={() => p.onDelete(row)}
                    >
                      Delete
                    </Button>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Models(p: {
  rows: PricedModel[]
  total: number
  onPrice: ((row: PricedModel) => void) | undefined
}) {
  return (
    <>
      {p.total > p.rows.length && (
        <p className="quiet">
          The first {count(p.rows.length)} of {count(p.total)}
        </p>
      )}
      <div className="settings-wide" role="region" aria-label="Models and what they cost" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Price today, USD</th>
              <th scope="col" className="num">
                Calls
              </th>
              <th scope="col" className="num">
                Without a price
              </th>
              <th scope="col">Last seen</th>
              <th scope="col">
                <span className="sr-only">Set a price</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {p.rows.map((row) => (
              <tr key={`${row.provider} ${row.model} ${row.request_model}`}>
                <td>
                  {row.provider && (
                    <span className="quiet">
                      <Isolated text={row.provider} /> ·{' '}
                    </span>
                  )}
                  <Isolated text={row.model || row.request_model} />
                </td>
                <td>
                  {row.price ? (
                    <span title={row.price.version}>
                      {priceText(row.price)}
                      <span className="quiet">
                        {row.overridden
                          ? row.listed
                            ? ` · yours; the list says ${priceText(row.listed)}`
                            : ' · yours'
                          : ''}
                      </span>
                    </span>
                  ) : (
                    <span className="settings-warn">unknown</span>
                  )}
                </td>
                <td className="num">{compact(row.calls)}</td>
                <td className="num">
                  {row.unpriced ? compact(row.unpriced) : <span className="quiet">none</span>}
                </td>
                <td>
                  <RelativeTime iso={row.last_seen} />
                </td>
                <td className="num">
                  {p.onPrice && !row.overridden && (
                    <Button
                      variant="subtle"
                      aria-label={`Set a price for ${row.model || row.request_model}`}
                      onClick={() => p.onPrice!(row)}
                    >
                      Set a price
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Delete({ price, onClose }: { price: Price; onClose: () => void }) {
  const client = useQueryClient()
  const gone = useMutation({
    mutationFn: () => deletePrice(price.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['/prices'] })
      notifications.show({ message: `The price of ${price.model} is deleted` })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Delete the price of ${price.model}?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="settings-form">
        <p>
          Calls from now on cost what the next price that fits says, or the list. Stored calls keep their
          cost.
        </p>
        <FormError error={gone.error} />
        <div className="settings-actions">
          <Button data-autofocus onClick={onClose}>
            Keep it
          </Button>
          <Button className="settings-danger" loading={gone.isPending} onClick={() => gone.mutate()}>
            Delete
          </Button>
        </div>
      </div>
    </Modal>
  )
}
