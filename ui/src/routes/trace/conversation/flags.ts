/** What was wrong with what was sent, for people. */
const WORDS: Record<string, string> = {
  malformed_json: 'Some of it is broken JSON, or was cut: it is shown as far as it could be read.',
  tool_arguments_not_json: 'A tool was called with arguments that are no JSON.',
  more_than_20000_messages: 'More than 20,000 messages: the newest are read.',
  more_than_2000_parts: 'A message of more than 2,000 parts: the first are read.',
  nested_too_deeply: 'Nested too deeply to look for messages everywhere.',
}

export const flagWords = (flag: string): string => WORDS[flag] ?? flag
