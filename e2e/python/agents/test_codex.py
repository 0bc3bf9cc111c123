"""Codex, started without a terminal, before providers of three dialects."""

import json
import os

import pytest

from conftest import CLAUDE, CODEX, SMALL
from desk import desk, no_way_out  # noqa: F401 (fixtures)

# As docs/clients.md tells.
SETTINGS = """
model = "{model}"
model_provider = "interline"
check_for_update_on_startup = false

[model_providers.interline]
name = "Interline"
base_url = "{base_url}"
env_key = "INTERLINE_API_KEY"
wire_api = "responses"

[analytics]
enabled = false
"""


def ask(desk, model):
    folder = desk.home / ".codex"
    folder.mkdir()
    settings = SETTINGS.format(model=model, base_url=os.environ["INTERLINE_URL"])
    (folder / "config.toml").write_text(settings)
    # There is no second sandbox within the one that the tests run in.
    options = ["--json", "--skip-git-repo-check", "--sandbox", "danger-full-access"]
    command = [os.environ["CODEX"], "exec", *options, "What is the word in note.txt?"]
    said = desk.run(command, INTERLINE_API_KEY=os.environ["INTERLINE_KEY"])
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def items(events, kind):
    done = [event["item"] for event in events if event["type"] == "item.completed"]
    return [item for item in done if item["type"] == kind]


@pytest.mark.parametrize(
    ("model", "provider"), [(CODEX, "codex"), (CLAUDE, "claude"), (SMALL, "alpha")]
)
def test_a_command_is_run_and_what_it_said_is_told(desk, sim, model, provider):
    show = {"name": "exec_command", "arguments": {"cmd": "cat note.txt"}}
    sim.script(provider, {"calls": [show], "reasoning_tokens": 5})
    events = ask(desk, model)
    (command,) = items(events, "command_execution")
    assert command["exit_code"] == 0
    assert "xylophone" in command["aggregated_output"]
    assert "xylophone" in items(events, "agent_message")[-1]["text"]
    usage = events[-1]["usage"]
    assert events[-1]["type"] == "turn.completed"
    assert usage["input_tokens"] > 0 and usage["output_tokens"] > 0
