/** Every reason that the server counts, in plain words, with what to do about it. */
export interface Explained {
  what: string
  todo: string
}

const REASONS: Record<string, Explained> = {
  invalid_trace_id: {
    what: 'The trace id was not 16 bytes, or all zero.',
    todo: 'Send the id that the SDK makes. In JSON it is 32 hex digits, not base64.',
  },
  invalid_span_id: {
    what: 'The span id was not 8 bytes, or all zero.',
    todo: 'Send the id that the SDK makes. In JSON it is 16 hex digits, not base64.',
  },
  invalid_parent_span_id: {
    what: 'The parent span id was neither empty nor 8 bytes.',
    todo: 'Leave it out for a root span; else 16 hex digits in JSON.',
  },
  malformed: {
    what: 'The bytes inside a record were not valid OTLP.',
    todo: 'Look for a proxy that rewrites bodies, or a hand-written encoder.',
  },
  malformed_attribute: {
    what: 'A resource or scope attribute was not valid OTLP and was left out.',
    todo: 'Look at the code that sets resource attributes in this sender.',
  },
  undecodable: {
    what: 'A whole request could not be read; nothing of it was kept.',
    todo: 'Check that the content type says what the body is: application/x-protobuf or application/json.',
  },
  unknown_data: {
    what: 'The metric was of a kind that this version does not know.',
    todo: 'Send gauges, sums, histograms, exponential histograms or summaries.',
  },
  invalid_histogram: {
    what: 'A histogram had bucket counts that do not fit its bounds.',
    todo: 'Send one more count than bounds, or neither.',
  },
  project_not_allowed: {
    what: 'The key may not write to the project that the record names.',
    todo: 'Use a key of that project, or take tapetum.project and x-tapetum-project out.',
  },
  invalid_project: {
    what: 'The project name was not valid.',
    todo: 'Use 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or digit.',
  },
  content_type: {
    what: 'The content type was not one that this door takes.',
    todo: 'Send application/x-protobuf or application/json for OTLP, application/x-ndjson for lines of JSON.',
  },
  content_encoding: {
    what: 'The body was compressed in a way that is unknown here.',
    todo: 'Send it plain, or with gzip, deflate or zstd.',
  },
  too_large: {
    what: 'The request was larger than the limit, or became larger once inflated.',
    todo: 'Send smaller batches (max_export_batch_size), or cut large attributes at the sender.',
  },
  project_not_made: {
    what: 'The project is new, and there are 1,000 already.',
    todo: 'Check that the sender does not put something that varies into the project name.',
  },
  not_storable: {
    what: 'The engine refused these rows for what is in them.',
    todo: 'The server log has its words; please report it.',
  },
  invalid_time: {
    what: 'The time of a Loki entry was not a number of nanoseconds since 1970.',
    todo: 'Send it as a text of digits.',
  },
  too_many_labels: {
    what: 'A Loki stream had more labels than the limit.',
    todo: 'Put what varies into structured metadata.',
  },
  label_too_long: {
    what: 'A label of a Loki stream was longer than the limit.',
    todo: 'Put long texts into structured metadata or the line.',
  },
  memory_full: {
    what: 'Too many request bodies were held at once.',
    todo: 'Senders try again by themselves. If it lasts, use fewer connections or smaller batches.',
  },
  queue_full: {
    what: 'Records arrived faster than they could be written.',
    todo: 'Senders try again by themselves. If it lasts, send larger batches less often, or give the server more CPU.',
  },
  disk_full: {
    what: 'The disk is too full, so nothing new is taken.',
    todo: 'Free space, add disk, or shorten retention in Settings.',
  },
  store_unavailable: {
    what: 'The store could not write.',
    todo: 'See the server log; `tapetum doctor` says what is wrong.',
  },
  shutting_down: {
    what: 'The server was stopping.',
    todo: 'Nothing: senders try again by themselves.',
  },
  timeout: {
    what: 'The records were not durable in time, so the sender was told to try again.',
    todo: 'Nothing if rare: a second delivery counts once. If it lasts, the disk is too slow.',
  },
  attribute_too_long: {
    what: 'An attribute value was cut at the size limit. The record was kept.',
    todo: 'Cut it at the sender (OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT) or leave it out.',
  },
  text_too_long: {
    what: 'A name or message was cut at the size limit. The record was kept.',
    todo: 'Send shorter names; put long text in the body or an attribute.',
  },
  key_too_long: {
    what: 'An attribute key was cut at the size limit. The record was kept.',
    todo: 'A key should name a thing; put what varies in the value.',
  },
  too_many_attributes: {
    what: 'Attributes beyond the limit were left out. The record was kept.',
    todo: 'Set OTEL_ATTRIBUTE_COUNT_LIMIT, or send one structured value.',
  },
  too_many_events: {
    what: 'Span events beyond the limit were left out. The span was kept.',
    todo: 'Set OTEL_SPAN_EVENT_COUNT_LIMIT, or log them instead.',
  },
  too_many_links: {
    what: 'Span links beyond the limit were left out. The span was kept.',
    todo: 'Set OTEL_SPAN_LINK_COUNT_LIMIT.',
  },
  too_many_exemplars: {
    what: 'Exemplars beyond the limit were left out. The point was kept.',
    todo: 'Nothing, unless you need each of them: then set an exemplar filter.',
  },
  too_deep: {
    what: 'A deeply nested value was replaced by a short text. The record was kept.',
    todo: 'Send flatter attributes.',
  },
  invalid_utf8: {
    what: 'Bytes that are not UTF-8 were replaced. The record was kept.',
    todo: 'Send binary data as bytes, or encode the text as UTF-8.',
  },
  unknown_enum: {
    what: 'A kind, status or severity outside its range was set to unspecified.',
    todo: 'Update the SDK, or check the number that is sent.',
  },
  time_clamped: {
    what: 'A time was later than 2262, the last that the store can hold, and was set to that. The record was kept.',
    todo: 'Look at the sender’s clock and units; what was sent is in original_times.',
  },
  errors_not_storable: {
    what: 'The engine refused the errors that were found in these records. The records were kept.',
    todo: 'The server log has its words; please report it.',
  },
  attributes_dropped_by_sender: {
    what: 'The sender’s SDK left attributes out before sending. The record was kept.',
    todo: 'Raise OTEL_ATTRIBUTE_COUNT_LIMIT in the sender if they matter.',
  },
  events_dropped_by_sender: {
    what: 'The sender’s SDK left span events out before sending. The span was kept.',
    todo: 'Raise OTEL_SPAN_EVENT_COUNT_LIMIT in the sender if they matter, or log them instead.',
  },
  links_dropped_by_sender: {
    what: 'The sender’s SDK left span links out before sending. The span was kept.',
    todo: 'Raise OTEL_SPAN_LINK_COUNT_LIMIT in the sender if they matter.',
  },
  queue_full_at_sender: {
    what: 'The sender made records faster than it could send them, and dropped what its queue could not hold.',
    todo: 'Sample, log less, or look at why its connection to this server is slow.',
  },
  undelivered_by_sender: {
    what: 'The sender gave up on sending these records: no answer in time, or an error.',
    todo: 'The sender’s own log says which, once per reason; tapetum.stats() has the counts.',
  },
  internal_error: {
    what: 'A fault in Tapetum itself. The records were not kept.',
    todo: 'The server log has the details; please report it.',
  },
  invalid_trace_context: {
    what: 'A log or exemplar had a trace or span id of wrong length; it was left out.',
    todo: 'Send the ids as the SDK makes them, or none.',
  },
}

export function explain(reason: string, outcome: string): Explained {
  const known = REASONS[reason]
  if (known) return known
  const what =
    outcome === 'truncated'
      ? 'The records were kept, with less than was sent.'
      : outcome === 'dropped'
        ? 'The sender left something out before sending. The records were kept.'
        : 'The records were not kept.'
  return { what, todo: 'The message beside it and the server log say more.' }
}
