"""OpenAI's client against the responses route, before providers of three dialects."""

import base64

import openai
import pytest
from pydantic import BaseModel

from conftest import CLAUDE, CODEX, DOT, ENDLESS, SMALL, eventually

MODELS = [SMALL, CLAUDE, CODEX]
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


@pytest.mark.parametrize("model", MODELS)
def test_a_response_has_its_text_its_usage_and_its_cost(client, model):
    response = client.responses.create(model=model, input="Say something.", instructions="Be kind.")
    assert response.output_text
    assert response.status == "completed"
    assert response.instructions == "Be kind."
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.model_extra["cost"] > 0


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_adds_up_to_the_response(client, model):
    whole = client.responses.create(model=model, input="The same.")
    with client.responses.stream(model=model, input="The same.") as stream:
        told = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert told == final.output_text == whole.output_text


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streams", [False, True])
def test_a_tool_is_called_and_its_result_is_taken(client, model, streams):
    def ask(items):
        asked = {"model": model, "input": items, "tools": [WEATHER], "store": False}
        if not streams:
            return client.responses.create(**asked)
        with client.responses.stream(**asked) as stream:
            for _ in stream:
                pass
            return stream.get_final_response()

    items = [{"role": "user", "content": "How is the weather in Lyon?"}]
    first = ask(items)
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert call.name == "weather" and "city" in call.arguments
    items += [item.model_dump(exclude={"parsed_arguments"}) for item in first.output]
    items.append(
        {"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}
    )
    assert "18 degrees" in ask(items).output_text


class Said(BaseModel):
    mood: str


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_is_kept_to(client, model):
    response = client.responses.parse(model=model, input="How are you?", text_format=Said)
    assert isinstance(response.output_parsed, Said)


def test_reasoning_is_summarised_and_taken_back(client, sim):
    sim.script("codex", {"reasoning_tokens": 5})
    asked = {
        "model": CODEX,
        "tools": [WEATHER],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "high", "summary": "auto"},
    }
    items = [{"role": "user", "content": "How is the weather?"}]
    first = client.responses.create(input=items, **asked)
    thought = first.output[0]
    assert thought.type == "reasoning" and thought.encrypted_content
    items += [item.model_dump(exclude_none=True) for item in first.output]
    call = first.output[-1]
    items.append(
        {"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}
    )
    assert "18 degrees" in client.responses.create(input=items, **asked).output_text


@pytest.mark.parametrize("model", MODELS)
def test_an_image_is_taken(client, model):
    url = "data:image/png;base64," + base64.b64encode(DOT).decode()
    content = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]
    items = [{"role": "user", "content": content}]
    assert client.responses.create(model=model, input=items).output_text


def test_a_stream_that_is_left_ends_upstream(client, sim):
    sim.script("endless", {"fault": {"kind": "infinite_stream", "gap_ms": 20}})
    with client.responses.create(model=ENDLESS, input="Go on.", stream=True) as stream:
        left = next(event for event in stream if event.type == "response.output_text.delta")
    assert left.delta
    eventually(lambda: sim.endings("endless")[-1:] == ["client_gone"])


def test_what_is_not_kept_cannot_be_continued(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=SMALL, input="Go on.", previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"


def test_the_maximum_of_tokens_leaves_a_response_incomplete(client):
    response = client.responses.create(model=SMALL, input="On.", max_output_tokens=16)
    assert response.status in ("completed", "incomplete")
    short = client.responses.create(model=SMALL, input="On and on.", max_output_tokens=3)
    assert short.status == "incomplete"
    assert short.incomplete_details.reason == "max_output_tokens"
