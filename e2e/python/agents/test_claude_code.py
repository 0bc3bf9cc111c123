"""Claude Code, started without a terminal, before providers of two dialects."""

import json
import os

import pytest

from conftest import CLAUDE, SMALL
from desk import desk, no_way_out  # noqa: F401 (fixtures)

QUESTION = "What is the word in note.txt?"


def ask(desk, model, *options, **settings):
    """Asks with the settings that docs/clients.md tells."""
    command = [os.environ["CLAUDE_CODE"], "-p", QUESTION, "--output-format", "json", *options]
    said = desk.run(
        command,
        ANTHROPIC_BASE_URL=os.environ["INTERLINE_URL"].removesuffix("/v1"),
        ANTHROPIC_AUTH_TOKEN=os.environ["INTERLINE_KEY"],
        ANTHROPIC_MODEL=model,
        ANTHROPIC_DEFAULT_HAIKU_MODEL=SMALL,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        DISABLE_AUTOUPDATER="1",
        **settings,
    )
    return json.loads(said)


# A model that writes less than Claude Code asks for by itself has to be given its limit.
SHORT = {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "16000"}


@pytest.mark.parametrize(
    ("model", "provider", "settings"),
    [(CLAUDE, "claude", {}), ("claude-sonnet-4-5-20250929", "claude", {}), (SMALL, "alpha", SHORT)],
)
def test_a_command_is_run_and_what_it_said_is_told(desk, sim, model, provider, settings):
    show = {"name": "Bash", "arguments": {"command": "cat note.txt"}}
    sim.script(provider, {"calls": [show]})
    done = ask(desk, model, "--allowedTools", "Bash", **settings)
    assert not done["is_error"]
    assert done["num_turns"] == 2
    assert "xylophone" in done["result"]


def test_a_file_is_read_and_another_written(desk, sim):
    read = {"name": "Read", "arguments": {"file_path": str(desk.work / "note.txt")}}
    answer = str(desk.work / "answer.txt")
    write = {"name": "Write", "arguments": {"file_path": answer, "content": "xylophone"}}
    sim.script("claude", {"calls": [read, write], "text": "Done.", "reasoning_tokens": 5})
    done = ask(desk, CLAUDE, "--permission-mode", "acceptEdits")
    assert done["result"] == "Done."
    assert (desk.work / "answer.txt").read_text() == "xylophone"


def test_an_unknown_model_is_told_as_such(desk):
    with pytest.raises(AssertionError) as caught:
        ask(desk, "acme/none")
    assert "acme/none" in str(caught.value)
