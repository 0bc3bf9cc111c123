"""What goes wrong, and what the client makes of it."""

import os

import openai
import pytest

from conftest import CROWDED, ENDLESS, FRAGILE, RESCUED, SMALL, eventually, says

IN_ORDER = {"provider": {"order": ["broken", "beta"]}}


def test_a_wrong_key_is_an_authentication_error():
    url = os.environ["INTERLINE_URL"]
    with openai.OpenAI(base_url=url, api_key="sk-or-v1-wrong", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as caught:
            stranger.chat.completions.create(model=SMALL, messages=says("Hi."))
    assert caught.value.status_code == 401
    assert caught.value.body["code"] == 401


def test_an_unknown_model_is_an_error_that_names_near_ones(client):
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
        client.chat.completions.create(model="openai/gpt-4o-mimi", messages=says("Hi."))
    assert SMALL in caught.value.message


def test_a_request_without_messages_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=SMALL, messages=[])
    assert "messages" in caught.value.message


def test_when_all_providers_refuse_the_error_is_of_the_rate_limit(client, sim):
    refusal = {"fault": {"kind": "status", "status": 429, "retry_after": "7"}}
    sim.script("crowded", refusal)
    sim.script("full", refusal)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=CROWDED, messages=says("Hi."))
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 7
    assert caught.value.body["metadata"]["error_type"] == "rate_limit_exceeded"


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "close"}])
def test_a_provider_that_fails_is_replaced_and_the_answer_is_whole(client, sim, fault):
    sim.script("broken", {"fault": fault})
    answer = client.chat.completions.create(
        model=RESCUED, messages=says("Hi."), extra_body=IN_ORDER
    )
    assert answer.provider == "Beta"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def test_a_stream_that_fails_before_its_first_word_is_replaced(client, sim):
    sim.script("broken", {"fault": {"kind": "first_event_error", "code": 500}})
    stream = client.chat.completions.create(
        model=RESCUED, messages=says("Hi."), stream=True, extra_body=IN_ORDER
    )
    chunks = list(stream)
    assert {chunk.provider for chunk in chunks} == {"Beta"}
    assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)


def test_a_stream_that_breaks_off_ends_in_an_error_after_what_came(client, sim):
    sim.script("fragile", {"fault": {"kind": "reset_mid", "after_chunks": 3}})
    stream = client.chat.completions.create(model=FRAGILE, messages=says("Hi."), stream=True)
    heard = []
    with pytest.raises(openai.APIError):
        for chunk in stream:
            heard.extend(choice.delta.content or "" for choice in chunk.choices)
    assert "".join(heard)


def test_a_stream_that_the_caller_leaves_ends_upstream_and_is_recorded(client, sim):
    sim.script("endless", {"fault": {"kind": "infinite_stream", "gap_ms": 20}})
    stream = client.chat.completions.create(model=ENDLESS, messages=says("Hi."), stream=True)
    with stream:
        generation = next(iter(stream)).id
    eventually(lambda: sim.endings("endless")[-1:] == ["client_gone"])
    record = eventually(lambda: record_of(client, generation))
    assert record["cancelled"] is True
    assert record["total_cost"] > 0


def record_of(client, generation):
    """The record of a generation, None as long as there is none."""
    try:
        return client.get(f"/generation?id={generation}", cast_to=dict[str, object])["data"]
    except openai.NotFoundError:
        return None
