/** Saves predictions of a model as items of a dataset. */
import { SaveManyButton } from './SaveMany'

/** Predictions of one change, as the server takes them. */
const MAX_PREDICTIONS = 2_000
const NOTE =
  'Each with its features as input, what the model said, and the label as expected output where it has come. ' +
  'Predictions that are in the dataset already stay as they are there.'

/** Of more than a change takes, the first ones. */
export function SavePredictionsButton(p: { project: string; model: string; chosen: readonly string[] }) {
  return (
    <SaveManyButton
      project={p.project}
      noun="prediction"
      chosen={p.chosen.slice(0, MAX_PREDICTIONS)}
      note={NOTE}
      change={(ids) => ({
        predictions: ids.map((id) => ({ model: p.model, prediction_id: id, if_absent: true })),
      })}
    />
  )
}
