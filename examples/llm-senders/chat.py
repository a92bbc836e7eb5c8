"""One question, asked through six libraries, one of SENDERS: `python chat.py openai`.

The lines that matter for Tapetum are `tapetum.init(…, instrument=[…])` and the block that names session and user.
"""

from __future__ import annotations

import json
import sys

import tapetum

QUESTION = "What is the weather in Oslo?"
SYSTEM = "You are a friendly guide."


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Rain in {city.removesuffix('?').rpartition(' ')[2]}."


def openai() -> str:
    """OpenAI's client, streamed."""
    from openai import OpenAI

    pieces = OpenAI().chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
    )
    return "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)


def openai_responses() -> str:
    """OpenAI's client and its responses: a tool, and thoughts."""
    from openai import OpenAI

    client = OpenAI()
    said = [{"role": "user", "content": QUESTION}]
    tool = {
        "type": "function", "name": "get_weather", "description": get_weather.__doc__, "strict": False,
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }  # fmt: skip
    asked = {"model": "gpt-5-mini", "instructions": SYSTEM, "tools": [tool], "reasoning": {"effort": "low"}}
    with tapetum.span("guide", kind="agent"):
        answer = client.responses.create(input=said, **asked)
        said += [item.model_dump(exclude_none=True) for item in answer.output]
        for call in answer.output:
            if call.type == "function_call":
                with tapetum.span("get_weather", kind="tool", input=call.arguments):
                    told = get_weather(**json.loads(call.arguments))
                said.append({"type": "function_call_output", "call_id": call.call_id, "output": told})
        pieces = client.responses.create(input=said, stream=True, **asked)
        return "".join(piece.delta for piece in pieces if piece.type == "response.output_text.delta")


def openai_agents() -> str:
    """An agent of OpenAI's Agents SDK, which asks for responses by itself."""
    from agents import Agent, Runner, function_tool

    agent = Agent(name="guide", model="gpt-5-mini", instructions=SYSTEM, tools=[function_tool(get_weather)])
    return str(Runner.run_sync(agent, QUESTION).final_output)


def anthropic() -> str:
    """Anthropic's client."""
    from anthropic import Anthropic

    answer = Anthropic().messages.create(
        model="claude-sonnet-4-5", max_tokens=100, system=SYSTEM, messages=[{"role": "user", "content": QUESTION}]
    )
    return answer.content[0].text


def langgraph() -> str:
    """An agent of LangGraph, with a tool."""
    from langchain_openai import ChatOpenAI
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.prebuilt import ToolNode, tools_condition

    model = ChatOpenAI(model="gpt-4o-mini").bind_tools([get_weather])
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode([get_weather]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    said = graph.compile().invoke({"messages": [("system", SYSTEM), ("user", QUESTION)]})
    return str(said["messages"][-1].content)


def pydantic_ai() -> str:
    """An agent of Pydantic AI, with a tool."""
    from pydantic_ai import Agent

    agent = Agent("openai-chat:gpt-4o-mini", name="guide", instructions=SYSTEM, tools=[get_weather])
    return str(agent.run_sync(QUESTION).output)


SENDERS = {
    "openai": (openai, ["openai"]),
    "openai-responses": (openai_responses, ["openai"]),
    "openai-agents": (openai_agents, ["openai-agents"]),
    "anthropic": (anthropic, ["anthropic"]),
    "langgraph": (langgraph, ["langgraph"]),
    "pydantic-ai": (pydantic_ai, ["pydantic-ai"]),
}

if __name__ == "__main__":
    name = sys.argv[1]
    ask, instrument = SENDERS[name]
    tapetum.init(service=name, instrument=instrument)
    with tapetum.session(f"{name}-1"), tapetum.user("ada"):
        print(ask())
