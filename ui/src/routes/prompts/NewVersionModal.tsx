import { Button, Modal, SegmentedControl, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keepVersion } from '@/api/promptQueries'
import type { PromptVersion } from '@/api/types'
import { Failure } from '@/kit/states'
import { useView } from '@/kit/view'

const CHAT = `[
  {"role": "system", "content": "You help {{name}}."},
  {"role": "placeholder", "content": "history"}
]`

/** The next version of a prompt, or a new prompt's first. */
export function NewVersionModal({ from, onClose }: { from?: PromptVersion; onClose: () => void }) {
  const { scope, patch } = useView()
  const client = useQueryClient()
  const [name, setName] = useState(from?.name ?? '')
  const [kind, setKind] = useState(from && typeof from.prompt !== 'string' ? 'chat' : 'text')
  const [prompt, setPrompt] = useState(
    from ? (typeof from.prompt === 'string' ? from.prompt : JSON.stringify(from.prompt, null, 2)) : '',
  )
  const [config, setConfig] = useState(
    from && Object.keys(from.config).length ? JSON.stringify(from.config, null, 2) : '',
  )
  const [labels, setLabels] = useState<string[]>([])
  const [message, setMessage] = useState('')
  const [wrong, setWrong] = useState<{ prompt?: string; config?: string }>({})
  const keep = useMutation({
    mutationFn: (version: Parameters<typeof keepVersion>[1]) => keepVersion(scope.project, version),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: ['/prompts'] })
      patch({ name: kept.name, version: String(kept.version), against: undefined })
      onClose()
    },
  })
  const submit = () => {
    const read = (text: string): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        return undefined
      }
    }
    const chat = kind === 'chat' ? read(prompt) : prompt
    const settings = config.trim() ? read(config) : {}
    const problems = {
      ...(Array.isArray(chat) || kind === 'text'
        ? {}
        : { prompt: 'Chat messages are a JSON list of {"role", "content"}.' }),
      ...(settings && typeof settings === 'object' && !Array.isArray(settings)
        ? {}
        : { config: 'The configuration is a JSON object.' }),
    }
    setWrong(problems)
    if (Object.keys(problems).length) return
    keep.mutate({
      name,
      prompt: chat as PromptVersion['prompt'],
      config: settings as Record<string, unknown>,
      labels,
      message,
    })
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
      title={from ? `New version of ${from.name}` : 'New prompt'}
    >
      <form
        className="pr-form"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {!from && (
          <TextInput
            label="Name"
            description="As applications fetch it: letters, digits and . _ : / -"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
          />
        )}
        <SegmentedControl
          aria-label="Kind of prompt"
          value={kind}
          onChange={(next) => {
            setKind(next)
            if (next === 'chat' && !prompt) setPrompt(CHAT)
          }}
          data={[
            { value: 'text', label: 'Text' },
            { value: 'chat', label: 'Chat messages' },
          ]}
        />
        <Textarea
          label={kind === 'chat' ? 'Messages, as JSON' : 'Text'}
          description="{{name}} is a variable."
          value={prompt}
          onChange={(event) => setPrompt(event.currentTarget.value)}
          error={wrong.prompt}
          autosize
          minRows={8}
          maxRows={20}
          classNames={{ input: 'mono' }}
          required
        />
        <Textarea
          label="Configuration, as JSON"
          description="Model, temperature, tools: whatever your application reads beside the text. Optional."
          value={config}
          onChange={(event) => setConfig(event.currentTarget.value)}
          error={wrong.config}
          autosize
          minRows={1}
          maxRows={8}
          classNames={{ input: 'mono' }}
        />
        <TagsInput
          label="Labels"
          description="Applications fetch by label; production is their default. A label moves here from another version."
          value={labels}
          onChange={setLabels}
          data={['production', 'staging', 'canary']}
        />
        <TextInput
          label="What was changed and why"
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
          maxLength={2000}
        />
        {keep.isError && <Failure error={keep.error} />}
        <div className="k-window-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="filled" loading={keep.isPending}>
            {from ? `Keep version ${from.version + 1}` : 'Keep prompt'}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
