import { Button, Menu, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Tag } from 'lucide-react'
import { useState } from 'react'
import { movePromptLabel, removePromptLabel } from '@/api/promptQueries'
import type { PromptRow } from '@/api/types'
import { Failure } from '@/kit/states'
import { useView } from '@/kit/view'

const USUAL = ['production', 'staging', 'canary']

/** Gives the shown version a label, or takes one of its own away. */
export function LabelMenu({ prompt, version }: { prompt: PromptRow; version: number }) {
  const { scope } = useView()
  const client = useQueryClient()
  const [other, setOther] = useState('')
  const done = () => void client.invalidateQueries({ queryKey: ['/prompts'] })
  const move = useMutation({
    mutationFn: (label: string) => movePromptLabel(scope.project, prompt.name, label, version),
    onSuccess: done,
  })
  const remove = useMutation({
    mutationFn: (label: string) => removePromptLabel(scope.project, prompt.name, label),
    onSuccess: done,
  })
  const own = Object.keys(prompt.labels).filter((label) => prompt.labels[label] === version)
  const away = [...new Set([...USUAL, ...Object.keys(prompt.labels)])].filter((label) => !own.includes(label))
  const failed = move.isError ? move.error : remove.isError ? remove.error : null
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<Tag size={13} aria-hidden />}
            loading={move.isPending || remove.isPending}
          >
            Labels
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {away.map((label) => (
            <Menu.Item key={label} onClick={() => move.mutate(label)}>
              {label}
              {prompt.labels[label] !== undefined && (
                <span className="quiet"> from version {prompt.labels[label]}</span>
              )}
            </Menu.Item>
          ))}
          {own.map((label) => (
            <Menu.Item key={label} onClick={() => remove.mutate(label)}>
              Remove {label}
            </Menu.Item>
          ))}
          <form
            className="row"
            style={{ gap: 6, padding: 6 }}
            onSubmit={(event) => {
              event.preventDefault()
              if (other) move.mutate(other)
              setOther('')
            }}
          >
            <TextInput
              aria-label="Another label"
              placeholder="another label"
              value={other}
              onChange={(event) => setOther(event.currentTarget.value)}
            />
            <Button type="submit" variant="default">
              Set
            </Button>
          </form>
        </Menu.Dropdown>
      </Menu>
      {failed && <Failure error={failed} />}
    </>
  )
}
