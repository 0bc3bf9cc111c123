"""Google's client against the routes of Gemini, before providers of two dialects."""

import os

import pytest
from google import genai
from google.genai import errors, types

from conftest import DOT, ENDLESS, GEMINI, SMALL, eventually

MODELS = [SMALL, GEMINI]
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather",
            description="The weather in a city",
            parameters=types.Schema(
                type="OBJECT",
                properties={"city": types.Schema(type="STRING")},
                required=["city"],
            ),
        )
    ]
)


def client_with(key):
    base = os.environ["INTERLINE_URL"].removesuffix("/v1")
    options = types.HttpOptions(base_url=base, api_version="v1beta", timeout=30_000)
    return genai.Client(api_key=key, vertexai=False, http_options=options)


@pytest.fixture(scope="module")
def gemini():
    return client_with(os.environ["INTERLINE_KEY"])


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_has_its_text_and_its_usage(gemini, model):
    answer = gemini.models.generate_content(model=model, contents="Say something.")
    assert answer.text
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    usage = answer.usage_metadata
    counted = usage.prompt_token_count + usage.candidates_token_count
    assert usage.total_token_count == counted


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_adds_up_to_the_answer(gemini, model):
    whole = gemini.models.generate_content(model=model, contents="The same.")
    chunks = list(gemini.models.generate_content_stream(model=model, contents="The same."))
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    assert chunks[-1].usage_metadata.candidates_token_count > 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streams", [False, True])
def test_a_tool_is_called_and_its_result_is_taken(gemini, model, streams):
    config = types.GenerateContentConfig(tools=[WEATHER], max_output_tokens=400)

    def ask(contents):
        asked = {"model": model, "contents": contents, "config": config}
        if not streams:
            return gemini.models.generate_content(**asked).candidates[0].content.parts
        chunks = gemini.models.generate_content_stream(**asked)
        contents = [chunk.candidates[0].content for chunk in chunks if chunk.candidates]
        return [part for content in contents if content for part in content.parts or []]

    question = types.Content(role="user", parts=[types.Part(text="The weather in Lyon?")])
    parts = ask([question])
    (call,) = [part.function_call for part in parts if part.function_call]
    assert call.name == "weather" and isinstance(call.args["city"], str)
    result = types.FunctionResponse(
        id=call.id, name=call.name, response={"result": "18 degrees"}
    )
    turns = [
        question,
        types.Content(role="model", parts=parts),
        types.Content(role="user", parts=[types.Part(function_response=result)]),
    ]
    assert "18 degrees" in "".join(part.text or "" for part in ask(turns))


def test_a_schema_is_kept_to(gemini):
    config = types.GenerateContentConfig(
        response_mime_type="application/json",
        response_schema={
            "type": "OBJECT",
            "properties": {"mood": {"type": "STRING"}},
            "required": ["mood"],
        },
    )
    answer = gemini.models.generate_content(model=SMALL, contents="How?", config=config)
    assert isinstance(answer.parsed["mood"], str)


def test_the_models_are_listed_and_looked_up(gemini):
    names = {model.name for model in gemini.models.list()}
    assert f"models/{SMALL}" in names
    assert gemini.models.get(model=SMALL).name == f"models/{SMALL}"


def test_tokens_are_counted_beforehand(gemini):
    few = gemini.models.count_tokens(model=GEMINI, contents="Hi.")
    many = gemini.models.count_tokens(model=GEMINI, contents="Hi. " * 100)
    assert 0 < few.total_tokens < many.total_tokens


def test_an_image_is_taken(gemini):
    image = types.Part.from_bytes(data=DOT, mime_type="image/png")
    answer = gemini.models.generate_content(model=GEMINI, contents=[image, "What is this?"])
    assert answer.text


def test_a_stream_that_is_left_ends_upstream(gemini, sim):
    sim.script("endless", {"fault": {"kind": "infinite_stream", "gap_ms": 20}})
    pieces = gemini.models.generate_content_stream(model=ENDLESS, contents="Go on.")
    assert next(iter(pieces)).text
    pieces.close()
    eventually(lambda: sim.endings("endless")[-1:] == ["client_gone"])


def test_a_model_answers_to_its_maker_s_name(gemini):
    assert gemini.models.generate_content(model="gemini-2.5-flash", contents="Hi.").text


def test_a_thought_is_told_apart_and_its_signature_goes_back(gemini, sim):
    sim.script("gemini", {"reasoning_tokens": 5})
    thinks = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)
    config = types.GenerateContentConfig(tools=[WEATHER], thinking_config=thinks)
    question = types.Content(role="user", parts=[types.Part(text="The weather?")])
    first = gemini.models.generate_content(model=GEMINI, contents=[question], config=config)
    content = first.candidates[0].content
    assert any(part.thought for part in content.parts)
    (call,) = [part.function_call for part in content.parts if part.function_call]
    result = types.Part.from_function_response(name=call.name, response={"result": "18 degrees"})
    turns = [question, content, types.Content(role="user", parts=[result])]
    second = gemini.models.generate_content(model=GEMINI, contents=turns, config=config)
    assert "18 degrees" in second.text


def test_failures_are_the_client_s_own_errors(gemini):
    # The client closes its connections when nobody holds it any more.
    nobody = client_with("sk-or-v1-nobody")
    with pytest.raises(errors.ClientError) as caught:
        nobody.models.generate_content(model=SMALL, contents="Hi.")
    assert caught.value.code == 401 and caught.value.status == "UNAUTHENTICATED"
    with pytest.raises(errors.ClientError) as caught:
        gemini.models.generate_content(model="acme/none", contents="Hi.")
    assert caught.value.code == 404 and caught.value.status == "NOT_FOUND"
