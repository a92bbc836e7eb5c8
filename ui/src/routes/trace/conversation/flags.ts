/** What was wrong with what was sent, for people. */
const WORDS: Record<string, string> = {
  malformed_json: 'Some of it is broken JSON, or was cut: it is shown as far as it could be read.',
  tool_arguments_not_json: 'A tool was called with arguments that are no JSON.',
  more_than_20000_messages: 'More than 20,000 messages: the newest are read.',
  more_than_2000_parts: 'A message of more than 2,000 parts: the first are read.',
  impossible_count:
    'A count of tokens cannot be (negative, no whole number, or above a thousand million): it is in no sum.',
  cache_exceeds_input: 'More tokens from and to the cache than input: cut to the input.',
  reasoning_exceeds_output: 'More tokens of reasoning than output: cut to the output.',
  time_exceeds_span: 'A time of tokens is longer than the whole span, as if in another unit: it is left out.',
  nested_too_deeply: 'Nested too deeply to look for messages everywhere.',
}

export const flagWords = (flag: string): string => WORDS[flag] ?? flag

const UNPRICED: Record<string, string> = {
  unknown_model: 'nobody has a price for this model',
  unknown_tier: 'no price for this service tier',
  no_usage: 'tokens unknown',
  running: 'still running',
}

/** Why a call has no cost, for people; empty where there is nothing to say. */
export const unpricedWords = (status: string): string => UNPRICED[status] ?? ''
