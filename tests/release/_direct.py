# SPDX-License-Identifier: MIT
"""tools/deploy.py in this process, on a fake board, without mpremote: in no time."""

import contextlib
import io

import _release  # noqa: F401  (which makes the tools importable)

import deploy as tool
import remote


class Direct(remote.Mpremote):
    """Does to a fake what mpremote would."""

    def __init__(self, fake):
        self.fake = fake

    def run(self, command, *words):
        fake = self.fake
        *paths, place = words
        place = place[1:]
        if command == "exec":
            fake.names = {}
            fake.sys.modules.clear()
            output, error, _ = fake._run(words[0]).decode().replace("\r\n", "\n").split("\x04")
            return bool(error), output[len("OK") :] + error
        if command == "mkdir":
            fake.folders.add(place)
        elif command == "cp":
            assert place.endswith("/") or len(paths) == 1
            assert place.rpartition("/")[0] in fake.folders
            for path in paths:
                name = f"{place}{path.name}" if place.endswith("/") else place
                fake.files[name] = path.read_bytes()
        else:
            assert command == "rm"
            del fake.files[place]
        return 0, ""


def deploy(fake, *words):
    """(status, output) of deploying to a fake."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            tool.deploy(tool.arguments(words), Direct(fake))
        except remote.Failure as e:
            return 1, said.getvalue() + f"deploy: {e}"
        except SystemExit as e:
            return e.code, said.getvalue()
    return 0, said.getvalue()
