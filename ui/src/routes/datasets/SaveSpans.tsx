/** Saves the chosen spans of a list as items of a dataset. */
import { SaveManyButton } from './SaveMany'

/** Spans of one change, as the server takes them. */
export const MAX_SPANS = 200
const NOTE =
  'Each with its input, output, model and the link to it, whole. Expected is what a reviewer corrected, else what ' +
  'came out. Spans that are in the dataset already stay as they are there.'

interface Props {
  project: string
  /** `trace_id/span_id` of each. */
  chosen: ReadonlySet<string>
  onSaved: () => void
}

export function SaveSpansButton({ project, chosen, onSaved }: Props) {
  return (
    <SaveManyButton
      project={project}
      noun="span"
      chosen={[...chosen]}
      note={NOTE}
      change={(keys) => ({
        spans: keys.map((key) => {
          const [trace_id = '', span_id = ''] = key.split('/')
          return { trace_id, span_id, if_absent: true }
        }),
      })}
      onSaved={onSaved}
    />
  )
}
