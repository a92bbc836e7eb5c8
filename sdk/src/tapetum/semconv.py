"""The attribute names that Tapetum understands, spelled once.

OpenTelemetry's own names wherever it has one (general and GenAI semantic conventions); `tapetum.*`
only for what it does not name. The server reads many older and foreign spellings too: these are
the ones to write.
"""

from __future__ import annotations

from typing import Final

# Resource: who sends.
SERVICE_NAME: Final = "service.name"
SERVICE_VERSION: Final = "service.version"
SERVICE_INSTANCE_ID: Final = "service.instance.id"
DEPLOYMENT_ENVIRONMENT_NAME: Final = "deployment.environment.name"
HOST_NAME: Final = "host.name"

# Who asked, and in which conversation.
SESSION_ID: Final = "session.id"
USER_ID: Final = "user.id"

# Errors.
ERROR_TYPE: Final = "error.type"
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"

# What a GenAI span does, and with which model.
GEN_AI_OPERATION_NAME: Final = "gen_ai.operation.name"
GEN_AI_PROVIDER_NAME: Final = "gen_ai.provider.name"
GEN_AI_REQUEST_MODEL: Final = "gen_ai.request.model"
GEN_AI_REQUEST_STREAM: Final = "gen_ai.request.stream"
GEN_AI_REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
GEN_AI_REQUEST_TOP_P: Final = "gen_ai.request.top_p"
GEN_AI_REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
GEN_AI_RESPONSE_MODEL: Final = "gen_ai.response.model"
GEN_AI_RESPONSE_ID: Final = "gen_ai.response.id"
GEN_AI_RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
"""Seconds."""
GEN_AI_CONVERSATION_ID: Final = "gen_ai.conversation.id"

# What was said.
GEN_AI_SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
GEN_AI_INPUT_MESSAGES: Final = "gen_ai.input.messages"
GEN_AI_OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
GEN_AI_TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"

# What it used. `input_tokens` includes the cached ones; `output_tokens` includes reasoning.
GEN_AI_USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
GEN_AI_USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
GEN_AI_USAGE_AUDIO_INPUT_TOKENS: Final = "gen_ai.usage.audio.input_tokens"
GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS: Final = "gen_ai.usage.audio.output_tokens"
GEN_AI_USAGE_IMAGE_INPUT_TOKENS: Final = "gen_ai.usage.image.input_tokens"

# Agents, tools, prompts, retrieval.
GEN_AI_AGENT_NAME: Final = "gen_ai.agent.name"
GEN_AI_TOOL_NAME: Final = "gen_ai.tool.name"
GEN_AI_TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
GEN_AI_TOOL_CALL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
GEN_AI_TOOL_CALL_RESULT: Final = "gen_ai.tool.call.result"
GEN_AI_PROMPT_NAME: Final = "gen_ai.prompt.name"
GEN_AI_PROMPT_VERSION: Final = "gen_ai.prompt.version"
GEN_AI_RETRIEVAL_QUERY_TEXT: Final = "gen_ai.retrieval.query.text"
GEN_AI_RETRIEVAL_DOCUMENTS: Final = "gen_ai.retrieval.documents"

# Tapetum's own.
TAPETUM_PROJECT: Final = "tapetum.project"
"""Resource attribute: the project this telemetry belongs to, where no `x-tapetum-project` header says it."""
TAPETUM_OMITTED_MEDIA: Final = "tapetum.omitted_media"
"""How many images, sounds and files of a call's messages were too large to be sent along."""

# Tapetum's own: a span that has not ended yet, as `tapetum.init` reports it. The end record has none of these.
TAPETUM_HEARTBEAT_SEQUENCE: Final = "tapetum.heartbeat.sequence"
"""How many records of this span came before this one."""
TAPETUM_HEARTBEAT_TIME: Final = "tapetum.heartbeat.time_unix_nano"
"""When it was made, by the sender's clock."""
TAPETUM_HEARTBEAT_INTERVAL: Final = "tapetum.heartbeat.interval_s"
"""When to expect the next one."""
TAPETUM_HEARTBEAT_LOCATION: Final = "tapetum.heartbeat.location"
"""`module:function:line` of the innermost line of the application, in the thread or task that opened the span."""
TAPETUM_HEARTBEAT_STACK: Final = "tapetum.heartbeat.stack"
"""The innermost lines, one per call, innermost first."""
TAPETUM_HEARTBEAT_THREAD: Final = "tapetum.heartbeat.thread"
"""The thread or task that opened the span."""
TAPETUM_HEARTBEAT_SAME_PLACE: Final = "tapetum.heartbeat.same_place_s"
"""Seconds in which neither the stack changed nor anything happened inside the span."""
TAPETUM_HEARTBEAT_IDLE: Final = "tapetum.heartbeat.idle_s"
"""Seconds since a span inside began or ended, or the span itself was given an attribute or event."""
TAPETUM_HEARTBEAT_EXITED: Final = "tapetum.heartbeat.exited"
"""True in the last word of a process that ended while the span was open."""
