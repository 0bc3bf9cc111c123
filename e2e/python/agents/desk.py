"""What the tests of coding agents share: a home and a folder of their own, and no way out."""

import os
import pathlib
import subprocess

import pytest

LIMIT_S = 100


@pytest.fixture(autouse=True)
def no_way_out():
    """The tests run in a network that has nothing but the loopback."""
    links = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
    assert [link.split(":")[0].strip() for link in links] == ["lo"]


class Desk:
    """Where an agent works: a folder with a note, and a home that nobody else has."""

    def __init__(self, folder):
        self.home, self.work = folder / "home", folder / "work"
        self.home.mkdir()
        self.work.mkdir()
        (self.work / "note.txt").write_text("The word is xylophone.\n")

    def run(self, command, **settings):
        """Runs an agent to its end, with nothing of our own environment but the path."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **settings}
        done = subprocess.run(
            command,
            cwd=self.work,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
