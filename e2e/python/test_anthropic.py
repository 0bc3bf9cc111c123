"""Anthropic's client against the messages route, before providers of two dialects."""

import base64
import json
import os

import anthropic
import pytest

from conftest import BARE, CLAUDE, DOT, ENDLESS, LARGE, SMALL, document, eventually, says

MODELS = [SMALL, CLAUDE]
WEATHER = {
    "name": "weather",
    "description": "The weather in a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def client_with(key, base):
    return anthropic.Anthropic(base_url=base, api_key=key, max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def claude():
    base = os.environ["INTERLINE_URL"].removesuffix("/v1")
    return client_with(os.environ["INTERLINE_KEY"], base)


@pytest.mark.parametrize("model", MODELS)
def test_a_message_has_its_text_its_usage_and_its_cost(claude, model):
    message = claude.messages.create(model=model, max_tokens=200, messages=says("Say something."))
    assert message.type == "message" and message.role == "assistant"
    assert message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message.usage.model_extra["cost"] > 0


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_adds_up_to_the_message(claude, model):
    asked = {"model": model, "max_tokens": 200, "messages": says("The same.")}
    whole = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        told = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert told == final.content[0].text == whole.content[0].text
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert final.stop_reason == "end_turn"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streams", [False, True])
def test_a_tool_is_called_and_its_result_is_taken(claude, model, streams):
    def ask(messages):
        asked = {"model": model, "max_tokens": 400, "messages": messages, "tools": [WEATHER]}
        if not streams:
            return claude.messages.create(**asked)
        with claude.messages.stream(**asked) as stream:
            return stream.get_final_message()

    messages = says("How is the weather in Lyon?")
    first = ask(messages)
    assert first.stop_reason == "tool_use"
    (call,) = [block for block in first.content if block.type == "tool_use"]
    assert call.name == "weather" and isinstance(call.input["city"], str)
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}
    messages += [
        {"role": "assistant", "content": [block.model_dump() for block in first.content]},
        {"role": "user", "content": [result]},
    ]
    second = ask(messages)
    assert second.stop_reason == "end_turn"
    assert "18 degrees" in second.content[-1].text


def test_thinking_goes_out_with_its_signature_and_is_taken_back(claude, sim):
    sim.script("claude", {"reasoning_tokens": 5})
    asked = {
        "model": CLAUDE,
        "max_tokens": 4000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [WEATHER],
    }
    messages = says("How is the weather?")
    first = claude.messages.create(messages=messages, **asked)
    thinking = first.content[0]
    assert thinking.type == "thinking" and thinking.thinking and thinking.signature
    call = first.content[-1]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}
    messages += [
        {"role": "assistant", "content": [block.model_dump() for block in first.content]},
        {"role": "user", "content": [result]},
    ]
    second = claude.messages.create(messages=messages, **asked)
    assert "18 degrees" in second.content[-1].text


@pytest.mark.parametrize("model", MODELS)
def test_an_image_is_taken(claude, model):
    data = base64.b64encode(DOT).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    content = [image, {"type": "text", "text": "What is this?"}]
    messages = [{"role": "user", "content": content}]
    message = claude.messages.create(model=model, max_tokens=200, messages=messages)
    assert message.content[0].text


def test_a_document_is_read_to_a_model_that_reads_none(claude, sim):
    data = base64.b64encode(document("The password is xylophone.")).decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    content = [
        {"type": "document", "title": "secret.pdf", "source": source},
        {"type": "text", "text": "What is the password?"},
    ]
    messages = [{"role": "user", "content": content}]
    message = claude.messages.create(model=LARGE, max_tokens=200, messages=messages)
    assert message.content[0].text
    assert "The password is xylophone." in sim.asked("alpha")[-1]


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_is_kept_to(claude, model):
    schema = {
        "type": "object",
        "properties": {"mood": {"type": "string"}},
        "required": ["mood"],
        "additionalProperties": False,
    }
    message = claude.messages.create(
        model=model,
        max_tokens=400,
        messages=says("How are you?"),
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )
    assert isinstance(json.loads(message.content[-1].text)["mood"], str)


def test_a_stream_that_is_left_ends_upstream(claude, sim):
    sim.script("endless", {"fault": {"kind": "infinite_stream", "gap_ms": 20}})
    asked = {"model": ENDLESS, "max_tokens": 4000, "messages": says("Go on.")}
    with claude.messages.stream(**asked) as stream:
        assert next(iter(stream.text_stream))
    eventually(lambda: sim.endings("endless")[-1:] == ["client_gone"])


@pytest.mark.parametrize("name", BARE)
def test_a_model_answers_to_its_maker_s_name(claude, name):
    assert claude.messages.create(model=name, max_tokens=20, messages=says("Hi.")).content[0].text


def test_the_limit_of_tokens_ends_a_message(claude):
    message = claude.messages.create(model=SMALL, max_tokens=3, messages=says("On."))
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 3


def test_tokens_are_counted_beforehand(claude):
    few = claude.messages.count_tokens(model=SMALL, messages=says("Hi."))
    many = claude.messages.count_tokens(model=SMALL, messages=says("Hi. " * 100))
    assert 0 < few.input_tokens < many.input_tokens


def test_failures_are_the_client_s_own_errors():
    base = os.environ["INTERLINE_URL"].removesuffix("/v1")
    nobody = client_with("sk-or-v1-nobody", base)
    with pytest.raises(anthropic.AuthenticationError):
        nobody.messages.create(model=SMALL, max_tokens=5, messages=says("Hi."))
    somebody = client_with(os.environ["INTERLINE_KEY"], base)
    with pytest.raises(anthropic.NotFoundError):
        somebody.messages.create(model="acme/none", max_tokens=5, messages=says("Hi."))
    with pytest.raises(anthropic.BadRequestError) as caught:
        somebody.messages.create(model=SMALL, max_tokens=5, messages=[])
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["type"] == "invalid_request_error"
