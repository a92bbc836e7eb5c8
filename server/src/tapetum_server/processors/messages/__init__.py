"""Whatever a library calls a message, by its shape, into messages of OpenTelemetry's GenAI schema.

`reading.read_messages` takes any value; `carriers` knows which attributes, events and log records of a span carry
one. Nothing here remembers, stores or fails: what cannot be read becomes one `generic` part and a flag.
"""
