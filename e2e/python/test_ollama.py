"""Ollama's client against the routes of Ollama, before providers of two dialects."""

import os

import ollama
import pytest

from conftest import CLAUDE, DOT, ENDLESS, SMALL, eventually, says

MODELS = [SMALL, CLAUDE]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def client_with(key):
    base = os.environ["INTERLINE_URL"].removesuffix("/api/v1")
    return ollama.Client(host=base, headers={"Authorization": f"Bearer {key}"}, timeout=30)


@pytest.fixture(scope="module")
def local():
    return client_with(os.environ["INTERLINE_KEY"])


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_adds_up_to_the_answer(local, model):
    whole = local.chat(model=model, messages=says("The same."))
    assert whole.done and whole.done_reason == "stop"
    assert whole.prompt_eval_count > 0 and whole.eval_count > 0
    pieces = list(local.chat(model=model, messages=says("The same."), stream=True))
    assert pieces[-1].done
    assert "".join(piece.message.content or "" for piece in pieces) == whole.message.content


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_is_called_and_its_result_is_taken(local, model):
    messages = says("How is the weather in Lyon?")
    first = local.chat(model=model, messages=messages, tools=[WEATHER])
    (call,) = first.message.tool_calls
    assert call.function.name == "weather" and "city" in call.function.arguments
    turns = [*messages, first.message, {"role": "tool", "content": "18 degrees"}]
    second = local.chat(model=model, messages=turns, tools=[WEATHER])
    assert "18 degrees" in second.message.content


def test_a_prompt_is_continued(local):
    answer = local.generate(model=SMALL, prompt="Say something.")
    assert answer.response and answer.done


def test_a_schema_is_kept_to(local):
    schema = {"type": "object", "properties": {"mood": {"type": "string"}}, "required": ["mood"]}
    answer = local.chat(model=SMALL, messages=says("How are you?"), format=schema)
    assert "mood" in answer.message.content


@pytest.mark.parametrize("model", MODELS)
def test_an_image_is_taken(local, model):
    messages = [{"role": "user", "content": "What is this?", "images": [DOT]}]
    assert local.chat(model=model, messages=messages).message.content


def test_a_stream_that_is_left_ends_upstream(local, sim):
    sim.script("endless", {"fault": {"kind": "infinite_stream", "gap_ms": 20}})
    pieces = local.chat(model=ENDLESS, messages=says("Go on."), stream=True)
    assert next(pieces).message.content
    pieces.close()
    eventually(lambda: sim.endings("endless")[-1:] == ["client_gone"])


def test_models_are_listed_and_shown(local):
    assert CLAUDE in {model.model for model in local.list().models}
    shown = local.show(CLAUDE)
    assert {"completion", "tools", "vision", "thinking"} <= set(shown.capabilities)


def test_failures_are_the_client_s_own_errors(local):
    with pytest.raises(ollama.ResponseError) as caught:
        client_with("sk-or-v1-nobody").chat(model=SMALL, messages=says("Hi."))
    assert caught.value.status_code == 401
    with pytest.raises(ollama.ResponseError) as caught:
        local.chat(model="acme/none", messages=says("Hi."))
    assert caught.value.status_code == 404
