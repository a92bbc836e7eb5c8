import { Button, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { tryRedaction } from '@/api/redactionQueries'
import { FormError } from '../FormError'

/** A text, and what would be stored of it. */
export function TryOut({ project }: { project: string }) {
  const [text, setText] = useState('')
  const tried = useMutation({ mutationFn: () => tryRedaction(project, text) })
  const found = Object.entries(tried.data?.counts ?? {})
  return (
    <form
      className="redaction-try"
      onSubmit={(event) => {
        event.preventDefault()
        tried.mutate()
      }}
    >
      <h3>Try it out</h3>
      <Textarea
        label="A text"
        description="Nothing of it is kept. Marks are of another key each time."
        placeholder="Authorization: Bearer …"
        autosize
        minRows={2}
        maxRows={8}
        maxLength={100_000}
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          tried.reset()
        }}
      />
      <div>
        <Button type="submit" disabled={!text} loading={tried.isPending}>
          What would be stored?
        </Button>
      </div>
      <FormError error={tried.error} />
      {tried.data && (
        <div role="status">
          <p>
            {found.length === 0
              ? 'Nothing would be replaced.'
              : `Replaced: ${found.map(([rule, times]) => `${rule}${times > 1 ? ` ×${times}` : ''}`).join(', ')}.`}
          </p>
          <pre className="redaction-tried">{tried.data.text}</pre>
        </div>
      )}
    </form>
  )
}
