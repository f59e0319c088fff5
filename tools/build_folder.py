# SPDX-License-Identifier: MIT
"""The folder that MicroPython's makefiles build in."""

import contextlib
import shutil


@contextlib.contextmanager
def building(folder, config):
    """Build within this. `config` is all that the makefiles do not notice.

    The folder is empty when that has changed, or when the last build has not come to its end: one
    that is killed may leave half a file, which make takes for a whole one.
    """
    noted = folder / "config.txt"
    if not noted.exists() or noted.read_text() != config:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    noted.unlink(missing_ok=True)
    yield
    noted.write_text(config)
