"""One question, asked through four libraries: `python chat.py openai|anthropic|langgraph|pydantic-ai`.

The lines that matter for Tapetum are `tapetum.init(…, instrument=[…])` and the block that names session and user.
"""

from __future__ import annotations

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
