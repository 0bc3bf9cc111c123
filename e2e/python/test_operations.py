"""What is no chat, as OpenAI's client asks for it: vectors, images, sound, judgements."""

import base64
import io
import struct

import openai
import pytest

from conftest import SMALL

EMBEDS = "openai/text-embedding-3-small"
DRAWS = "openai/gpt-image-2"
SPEAKS = "openai/tts-1"
HEARS = "openai/whisper-1"
JUDGES = "openai/omni-moderation-latest"


def wav(seconds):
    """Silence: 16-bit samples of one channel at 16 kHz."""
    samples = bytes(int(seconds * 32_000))
    head = b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    file = io.BytesIO(head + b"data" + struct.pack("<I", len(samples)) + samples)
    file.name = "silence.wav"
    return file


def test_texts_become_vectors_however_they_are_written(client):
    asked = {"model": EMBEDS, "input": ["The sky is blue.", "Tea."]}
    packed = client.embeddings.create(**asked)
    listed = client.embeddings.create(**asked, encoding_format="float")
    assert [item.index for item in packed.data] == [0, 1]
    for one, other in zip(packed.data, listed.data):
        assert one.embedding == pytest.approx(other.embedding)
    assert packed.model == EMBEDS
    assert packed.usage.total_tokens == packed.usage.prompt_tokens > 0
    assert packed.usage.model_extra["cost"] == pytest.approx(
        packed.usage.prompt_tokens * 0.02e-6, abs=2e-9
    )


def test_a_vector_is_as_long_as_is_asked_for(client):
    answer = client.embeddings.create(model=EMBEDS, input="Tea.", dimensions=5)
    assert len(answer.data[0].embedding) == 5


def test_an_image_is_drawn(client):
    answer = client.images.generate(model=DRAWS, prompt="A red panda.", n=2, size="1024x1024")
    assert len(answer.data) == 2
    assert base64.b64decode(answer.data[0].b64_json).startswith(b"\x89PNG")
    assert answer.usage.output_tokens == 2_000
    assert answer.usage.model_extra["cost"] > 0


def test_a_text_is_spoken_and_streamed(client):
    asked = {"model": SPEAKS, "voice": "alloy", "input": "Hello there!", "response_format": "mp3"}
    whole = client.audio.speech.create(**asked)
    assert whole.response.headers["content-type"] == "audio/mpeg"
    assert float(whole.response.headers["x-interline-cost"]) == pytest.approx(12 * 15e-6)
    with client.audio.speech.with_streaming_response.create(**asked) as response:
        heard = b"".join(response.iter_bytes())
    assert heard == whole.content
    assert heard


def test_a_recording_is_transcribed_in_every_format(client):
    answer = client.audio.transcriptions.create(model=HEARS, file=wav(2), language="en")
    assert answer.text
    assert answer.usage.seconds == pytest.approx(2, abs=0.01)
    assert answer.usage.model_extra["cost"] == pytest.approx(2 / 60 * 0.006, rel=0.01)
    verbose = client.audio.transcriptions.create(
        model=HEARS, file=wav(2), response_format="verbose_json"
    )
    assert verbose.segments[0].text == answer.text
    told = client.audio.transcriptions.create(model=HEARS, file=wav(2), response_format="text")
    assert told.strip() == answer.text
    subtitles = client.audio.transcriptions.create(model=HEARS, file=wav(2), response_format="srt")
    assert subtitles.startswith("1\n00:00:00,000 --> 00:00:02")


def test_a_text_is_judged(client):
    answer = client.moderations.create(model=JUDGES, input=["Tea.", "I will harm you."])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].category_scores.violence > 0.5


def test_a_model_of_another_kind_is_refused_with_its_own_route(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model=SMALL, input="Tea.")
    assert "POST /api/v1/chat/completions" in caught.value.message


def test_models_that_embed_are_listed(client):
    listed = client.get("/embeddings/models", cast_to=object)
    assert EMBEDS in [model["id"] for model in listed["data"]]
