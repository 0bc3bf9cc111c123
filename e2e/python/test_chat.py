"""Whole answers and streams, as the official client reads them."""

import base64
import os

import openai
import pytest

from conftest import BARE, CLAUDE, CODEX, DOT, GEMINI, LARGE, SMALL, says


def test_a_whole_answer_has_its_text_its_model_and_its_cost(client):
    answer = client.chat.completions.create(model=SMALL, messages=says("Say something."))
    assert answer.object == "chat.completion"
    assert answer.model == SMALL
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    dollars = usage.prompt_tokens * 0.15e-6 + usage.completion_tokens * 0.60e-6
    assert usage.cost == pytest.approx(dollars, abs=2e-9)


def test_the_generation_id_is_a_header_and_the_id_of_the_answer(client):
    raw = client.chat.completions.with_raw_response.create(model=SMALL, messages=says("Hi."))
    assert raw.headers["x-generation-id"] == raw.parse().id
    assert raw.parse().id.startswith("gen-")


def test_a_stream_has_one_id_one_role_one_finish_and_one_usage_with_its_cost(client):
    stream = client.chat.completions.create(model=SMALL, messages=says("Tell."), stream=True)
    chunks = list(stream)
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert choices[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in choices)
    assert [c.finish_reason for c in choices if c.finish_reason] == ["stop"]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert len(usages) == 1
    assert usages[0].cost > 0


def test_a_stream_and_a_whole_answer_say_the_same(client):
    whole = client.chat.completions.create(model=SMALL, messages=says("The same."))
    with client.chat.completions.stream(model=SMALL, messages=says("The same.")) as stream:
        streamed = stream.get_final_completion()
    assert streamed.choices[0].message.content == whole.choices[0].message.content
    assert streamed.choices[0].finish_reason == whole.choices[0].finish_reason


def test_another_model_is_another_string(client):
    for model in (SMALL, LARGE):
        answer = client.chat.completions.create(model=model, messages=says("Who are you?"))
        assert answer.model == model


@pytest.mark.parametrize("model", [SMALL, CLAUDE, GEMINI, CODEX])
def test_an_image_is_taken(client, model):
    url = "data:image/png;base64," + base64.b64encode(DOT).decode()
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    messages = [{"role": "user", "content": content}]
    answer = client.chat.completions.create(model=model, messages=messages)
    assert answer.choices[0].message.content


@pytest.mark.parametrize(("name", "model"), BARE.items())
def test_a_model_answers_to_its_maker_s_name(client, name, model):
    answer = client.chat.completions.create(model=name, messages=says("Hi."))
    assert answer.choices[0].message.content and answer.model == model


def test_the_maximum_of_tokens_ends_an_answer_for_length(client):
    answer = client.chat.completions.create(model=SMALL, messages=says("On."), max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def test_the_shorter_address_serves_as_well(client):
    short = os.environ["INTERLINE_URL"].replace("/api/v1", "/v1")
    other = client.with_options(base_url=short)
    answer = other.chat.completions.create(model=SMALL, messages=says("Hi."))
    assert answer.choices[0].message.content


def test_the_list_of_models_names_those_that_are_served(client):
    ids = {model.id for model in client.models.list()}
    assert {SMALL, LARGE} <= ids


async def collect(model):
    url, key = os.environ["INTERLINE_URL"], os.environ["INTERLINE_KEY"]
    async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as client:
        stream = await client.chat.completions.create(
            model=model, messages=says("Hi."), stream=True
        )
        return [chunk async for chunk in stream]


def test_the_asynchronous_client_reads_the_same_stream():
    import asyncio

    chunks = asyncio.run(collect(SMALL))
    assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)
