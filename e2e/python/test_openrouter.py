"""OpenRouter's own client, which holds every answer against a schema."""

import base64
import json
import os

import pytest
from openrouter import OpenRouter, errors

from conftest import CLAUDE, CODEX, DOT, ENDLESS, GEMINI, SMALL, eventually, says

MODELS = [SMALL, CLAUDE, CODEX, GEMINI]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def client_with(key):
    return OpenRouter(api_key=key, server_url=os.environ["INTERLINE_URL"], retry_config=None)


@pytest.fixture(scope="module")
def router():
    return client_with(os.environ["INTERLINE_KEY"])


@pytest.fixture(scope="module")
def operator():
    return client_with(os.environ["INTERLINE_ROOT_KEY"])


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_adds_up_to_the_answer(router, model):
    whole = router.chat.send(model=model, messages=says("The same."))
    chunks = list(router.chat.send(model=model, messages=says("The same."), stream=True))
    told = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert told and told == whole.choices[0].message.content
    assert whole.usage.cost > 0 and chunks[-1].usage.cost == whole.usage.cost


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_is_called_and_its_result_is_taken(router, model):
    messages = says("How is the weather?")
    first = router.chat.send(model=model, messages=messages, tools=[WEATHER])
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    result = {
        "role": "tool",
        "tool_call_id": message.tool_calls[0].id,
        "content": "18 degrees",
    }
    turns = messages + [message.model_dump(by_alias=True, exclude_none=True), result]
    second = router.chat.send(model=model, messages=turns, tools=[WEATHER])
    assert "18 degrees" in second.choices[0].message.content


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_is_kept_to(router, model):
    schema = {
        "type": "object",
        "properties": {"mood": {"type": "string"}},
        "required": ["mood"],
        "additionalProperties": False,
    }
    form = {
        "type": "json_schema",
        "json_schema": {"name": "mood", "strict": True, "schema": schema},
    }
    answer = router.chat.send(model=model, messages=says("How are you?"), response_format=form)
    assert isinstance(json.loads(answer.choices[0].message.content)["mood"], str)


@pytest.mark.parametrize("model", MODELS)
def test_an_image_is_taken(router, model):
    url = "data:image/png;base64," + base64.b64encode(DOT).decode()
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    answer = router.chat.send(model=model, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content


def test_a_stream_that_is_left_ends_upstream(router, sim):
    sim.script("endless", {"fault": {"kind": "infinite_stream", "gap_ms": 20}})
    with router.chat.send(model=ENDLESS, messages=says("Go on."), stream=True) as stream:
        next(iter(stream))
    eventually(lambda: sim.endings("endless")[-1:] == ["client_gone"])


@pytest.mark.parametrize("model", MODELS)
def test_a_response_and_each_event_of_its_stream_are_as_the_schema_has_them(router, model):
    whole = router.beta.responses.send(model=model, input="The same.")
    assert whole.status == "completed"
    events = list(router.beta.responses.send(model=model, input="The same.", stream=True))
    kinds = [event.TYPE if hasattr(event, "TYPE") else event.type for event in events]
    assert "UNKNOWN" not in kinds
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"


def test_a_generation_is_looked_up_with_what_it_cost(router):
    answer = router.chat.send(model=SMALL, messages=says("Hi."))
    record = router.generations.get_generation(id=answer.id).data
    assert record.id == answer.id
    assert record.total_cost == answer.usage.cost


def test_models_endpoints_and_providers_are_listed(router):
    listed = router.models.list().result.data
    assert CLAUDE in {model.id for model in listed}
    assert router.models.count().data.count == len(listed)
    assert router.models.get(author="anthropic", slug="claude-sonnet-4.5").data.id == CLAUDE
    offered = router.endpoints.list(author="anthropic", slug="claude-sonnet-4.5").data
    assert [endpoint.provider_name for endpoint in offered.endpoints] == ["Claude"]
    router.endpoints.list_zdr_endpoints()
    assert "anthropic" in {provider.slug for provider in router.providers.list().data}


def test_keys_are_made_changed_listed_and_deleted(router, operator):
    assert router.api_keys.get_current_key_metadata().data.is_management_key is False
    made = operator.api_keys.create(name="for a while", limit=3)
    assert made.data.limit == 3 and made.key
    changed = operator.api_keys.update(hash=made.data.hash, disabled=True)
    assert changed.data.disabled
    assert operator.api_keys.get(hash=made.data.hash).data.name == "for a while"
    assert made.data.hash in {key.hash for key in operator.api_keys.list().data}
    operator.api_keys.delete(hash=made.data.hash)
    with pytest.raises(errors.NotFoundResponseError):
        operator.api_keys.get(hash=made.data.hash)


def test_failures_are_the_client_s_own_errors(router):
    with pytest.raises(errors.BadRequestResponseError):
        router.chat.send(model="acme/none", messages=says("Hi."))
    with pytest.raises(errors.UnauthorizedResponseError):
        client_with("sk-or-v1-nobody").chat.send(model=SMALL, messages=says("Hi."))
    with pytest.raises(errors.NotFoundResponseError):
        router.generations.get_generation(id="gen-1-none")
