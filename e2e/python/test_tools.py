"""Tools and structured answers, whole and streamed."""

import json

import pydantic

from conftest import SMALL, says

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class Event(pydantic.BaseModel):
    name: str
    guests: int
    tags: list[str]


def test_a_tool_is_called_and_its_result_answered(client):
    messages = says("What is the weather in Lyon?")
    first = client.chat.completions.create(model=SMALL, messages=messages, tools=[WEATHER])
    assert first.choices[0].finish_reason == "tool_calls"
    call = first.choices[0].message.tool_calls[0]
    assert call.function.name == "weather"
    assert "city" in json.loads(call.function.arguments)

    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "18 degrees"})
    second = client.chat.completions.create(model=SMALL, messages=messages, tools=[WEATHER])
    assert second.choices[0].finish_reason == "stop"
    assert "18 degrees" in second.choices[0].message.content


def test_a_streamed_tool_call_is_put_together_and_its_result_answered(client):
    messages = says("What is the weather in Lyon?")
    ask = {"model": SMALL, "tools": [WEATHER]}
    with client.chat.completions.stream(messages=messages, **ask) as stream:
        first = stream.get_final_completion()
    assert first.choices[0].finish_reason == "tool_calls"
    call = first.choices[0].message.tool_calls[0]
    assert call.id and call.function.name == "weather"
    assert "city" in json.loads(call.function.arguments)

    asked = {"name": call.function.name, "arguments": call.function.arguments}
    said = {"id": call.id, "type": "function", "function": asked}
    messages.append({"role": "assistant", "tool_calls": [said]})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "18 degrees"})
    with client.chat.completions.stream(messages=messages, **ask) as stream:
        second = stream.get_final_completion()
    assert "18 degrees" in second.choices[0].message.content


def test_a_tool_that_is_demanded_is_called(client):
    answer = client.chat.completions.create(
        model=SMALL,
        messages=says("Anything."),
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "weather"}},
    )
    assert answer.choices[0].message.tool_calls[0].function.name == "weather"


def test_a_structured_answer_is_parsed_into_its_type(client):
    answer = client.chat.completions.parse(
        model=SMALL, messages=says("Invent an event."), response_format=Event
    )
    assert isinstance(answer.choices[0].message.parsed, Event)


def test_a_structured_stream_is_parsed_into_its_type(client):
    ask = {"model": SMALL, "messages": says("Invent an event.")}
    with client.chat.completions.stream(response_format=Event, **ask) as stream:
        answer = stream.get_final_completion()
    assert isinstance(answer.choices[0].message.parsed, Event)
