# SPDX-License-Identifier: MIT
"""tools/deploy.py in this process, on a fake board, without mpremote: in no time."""

import contextlib
import io

import _release  # noqa: F401  (which makes the tools importable)

import deploy as tool
import remote


# What mpremote says at last.
BROKEN = "serial.serialutil.SerialException: write failed: [Errno 5] Input/output error\n"


class Direct(remote.Mpremote):
    """Does to a fake what mpremote would."""

    def __init__(self, fake):
        self.fake = fake
        self.port, self.command = "/dev/fake", ["true"]

    def run(self, *words):
        """Commands with "+" between them; the first that fails is the last."""
        end = words.index("+") if "+" in words else len(words)
        status, output = self.one(*words[:end])
        if status == 0 and words[end + 1 :]:
            return self.run(*words[end + 1 :])
        return status, output

    def one(self, *words):
        if not self.fake.is_cut:
            result = self.done(*words)
        return (1, BROKEN) if self.fake.is_cut else result

    def done(self, command, *words):
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
                fake.write(name, path.read_bytes())
        else:
            assert command == "rm"
            del fake.files[place]
        return 0, ""


def deploy(fake, *words):
    """(status, output) of deploying to a fake."""
    return deploy_by(Direct(fake), *words)


def deploy_by(mpremote, *words):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            tool.deploy(tool.arguments(words), mpremote)
        except remote.Failure as e:
            return 1, said.getvalue() + f"deploy: {e}"
        except SystemExit as e:
            return e.code, said.getvalue()
    return 0, said.getvalue()
