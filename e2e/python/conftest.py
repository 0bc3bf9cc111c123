"""What the tests of the Python client share: the client, the simulator, and the names of models.

The test command starts the gateway and the simulator and says in the environment where they are.
"""

import base64
import json
import os
import time
import urllib.request

import openai
import pytest

SMALL = "openai/gpt-4o-mini"
LARGE = "meta-llama/llama-3.3-70b-instruct"
RESCUED = "openai/gpt-4.1-mini"
CROWDED = "openai/gpt-4.1-nano"
FRAGILE = "openai/gpt-4o"
ENDLESS = "openai/gpt-4.1"
CLAUDE = "anthropic/claude-sonnet-4.5"
GEMINI = "google/gemini-2.5-flash"
CODEX = "openai/gpt-5-codex"

# What the makers' own clients call three of them.
BARE = {"gpt-4o-mini": SMALL, "claude-sonnet-4-5-20250929": CLAUDE, "gemini-2.5-flash": GEMINI}

DEADLINE_S = 10

# A red dot.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5E"
    "rkJggg=="
)


class Simulator:
    """The simulated providers, each of which answers as its script says."""

    def __init__(self, url):
        self.url = url
        self.changed = set()

    def script(self, provider, script):
        """Lets `provider` answer by `script` until the test ends."""
        self.changed.add(provider)
        request = urllib.request.Request(
            f"{self.url}/_sim/providers/{provider}",
            data=json.dumps(script).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status < 300

    def endings(self, provider):
        """How the requests to `provider` ended, oldest first."""
        url = f"{self.url}/_sim/requests?provider={provider}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [request["ending"] for request in json.load(answer)["requests"]]

    def asked(self, provider):
        """The bodies of the requests to `provider`, oldest first."""
        url = f"{self.url}/_sim/requests?provider={provider}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [request["body"] for request in json.load(answer)["requests"]]

    def calm(self):
        for provider in sorted(self.changed):
            self.script(provider, {})


@pytest.fixture
def sim():
    simulator = Simulator(os.environ["SIM_URL"])
    yield simulator
    simulator.calm()


@pytest.fixture(scope="session")
def client():
    # The client's own retries would hide what the gateway answered.
    return openai.OpenAI(
        base_url=os.environ["INTERLINE_URL"],
        api_key=os.environ["INTERLINE_KEY"],
        max_retries=0,
        timeout=30,
    )


def says(text):
    """One user message."""
    return [{"role": "user", "content": text}]


def eventually(look):
    """What `look` finds, as soon as it finds anything."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
    return found


def document(text):
    """A PDF of one page that says `text`."""
    shown = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(shown)}>>\nstream\n{shown}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    made, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    return (
        f"{made}xref\n0 {count}\n0000000000 65535 f \n{table}"
        f"trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{len(made)}\n%%EOF\n"
    ).encode()
