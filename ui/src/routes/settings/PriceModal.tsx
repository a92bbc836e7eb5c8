/** Sets or changes one price; says what the price list has for the model. */
import { Button, Checkbox, Modal, NumberInput, SegmentedControl, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listedPriceQuery, putPrice } from '@/api/priceQueries'
import type { NewPrice, Price, PricedModel } from '@/api/types'
import { notifications } from '@mantine/notifications'
import { FormError } from './FormError'
import { priceText } from './priceText'

export interface Draft {
  /** To change. */
  price?: Price
  /** To price. */
  model?: PricedModel
}

const TOKENS = [
  ['input_usd', 'Input', 'All but the parts below'],
  ['output_usd', 'Output', '0 where it is free, as of embeddings'],
  ['cache_read_usd', 'Input read from a cache', 'Empty: as all input'],
  ['cache_write_usd', 'Input written to a cache', 'Empty: as all input'],
  ['audio_input_usd', 'Audio in the input', 'Empty: as all input'],
  ['audio_output_usd', 'Audio in the output', 'Empty: as all output'],
  ['image_input_usd', 'Images in the input', 'Empty: as all input'],
] as const
type Amounts = Partial<Record<keyof NewPrice, number | undefined>>

const amountsOf = (price?: Price): Amounts =>
  Object.fromEntries(
    Object.entries(price ?? {}).filter(([key, value]) => key.endsWith('_usd') && value !== null),
  ) as Amounts

export function PriceModal(p: { project: string; draft: Draft; everything: boolean; onClose: () => void }) {
  const { price, model: seen } = p.draft
  const client = useQueryClient()
  const [model, setModel] = useState(price?.model ?? (seen?.model || seen?.request_model) ?? '')
  const [provider, setProvider] = useState(price?.provider ?? seen?.provider ?? '')
  const [from, setFrom] = useState(price?.valid_from ?? '')
  const [hourly, setHourly] = useState(price?.hourly_usd != null)
  const [amounts, setAmounts] = useState(amountsOf(price))
  const [accelerators, setAccelerators] = useState(price?.accelerators ?? 1)
  const [all, setAll] = useState(price ? price.project === null : false)
  const listed = useQuery(listedPriceQuery(model.trim(), provider.trim()))
  const put = useMutation({
    mutationFn: () =>
      putPrice(price?.project ?? p.project, {
        model: model.trim(),
        provider: provider.trim(),
        valid_from: from || null,
        all_projects: all,
        ...(hourly
          ? { hourly_usd: amounts.hourly_usd ?? null, accelerators }
          : { ...amounts, hourly_usd: null, accelerators: 1 }),
      } as NewPrice),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: ['/prices'] })
      notifications.show({ message: `${kept.model} costs ${priceText(kept)} from now on` })
      p.onClose()
    },
  })
  const amount = (name: keyof NewPrice, label: string, description: string) => (
    <NumberInput
      key={name}
      label={label}
      description={description}
      min={0}
      step={0.1}
      decimalScale={6}
      prefix="$"
      value={amounts[name] ?? ''}
      onChange={(value) => setAmounts({ ...amounts, [name]: typeof value === 'number' ? value : undefined })}
    />
  )
  const ready =
    model.trim() !== '' &&
    (hourly
      ? amounts.hourly_usd !== undefined
      : amounts.input_usd !== undefined && amounts.output_usd !== undefined)
  return (
    <Modal
      opened
      onClose={p.onClose}
      title={price ? `Price of ${price.model}` : 'New price'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) put.mutate()
        }}
      >
        <TextInput
          label="Model"
          description="* stands for any text: my-7b*"
          value={model}
          disabled={!!price}
          data-autofocus={!price && !seen}
          autoComplete="off"
          onChange={(event) => setModel(event.currentTarget.value)}
        />
        <TextInput
          label="Provider"
          description="Empty: any"
          value={provider}
          disabled={!!price}
          autoComplete="off"
          onChange={(event) => setProvider(event.currentTarget.value)}
        />
        {listed.data && (
          <p className="quiet" role="status">
            {listed.data.price
              ? `The price list says: ${priceText(listed.data.price)}.`
              : 'The price list does not know this model.'}
          </p>
        )}
        <SegmentedControl
          aria-label="What is paid for"
          value={hourly ? 'hour' : 'tokens'}
          onChange={(value) => setHourly(value === 'hour')}
          data={[
            { value: 'tokens', label: 'Per million tokens' },
            { value: 'hour', label: 'Per hour of a machine' },
          ]}
        />
        {hourly ? (
          <>
            {amount('hourly_usd', 'An hour of one machine or accelerator', '')}
            <NumberInput
              label="Accelerators"
              description="That a call occupies; a part of one where calls share it"
              min={0.001}
              step={1}
              value={accelerators}
              onChange={(value) => typeof value === 'number' && setAccelerators(value)}
            />
          </>
        ) : (
          <div className="settings-amounts">
            {TOKENS.map(([name, label, description]) => amount(name, label, description))}
          </div>
        )}
        <TextInput
          label="From"
          type="date"
          description="The first day of calls that it prices, in UTC; empty: all"
          value={from}
          disabled={!!price}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        {p.everything && (
          <Checkbox
            size="xs"
            label="In every project that has none of its own"
            checked={all}
            disabled={!!price}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        )}
        <FormError error={put.error} />
        <div className="settings-actions">
          <Button onClick={p.onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={put.isPending}>
            Set the price
          </Button>
        </div>
      </form>
    </Modal>
  )
}
