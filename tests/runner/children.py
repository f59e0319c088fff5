# SPDX-License-Identifier: MIT
"""Child processes that never outlive the runner."""

import os
import shutil
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

from . import x86

_lock = threading.Lock()
_running = set()
_setpriv = shutil.which("setpriv")


def start(command, **options):
    """A Popen in a process group of its own, which the kernel kills when the runner dies.

    The kernel looks at the thread that started it: that thread must call `stop` before it ends.
    """
    command = [str(word) for word in x86.runnable(command)]
    if _setpriv:
        command = [_setpriv, "--pdeathsig", "KILL", "--", *command]
    with _lock:
        process = subprocess.Popen(command, start_new_session=True, **options)
        _running.add(process)
    return process


def stop(process):
    """Kill the process and whatever it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    with _lock:
        _running.discard(process)


def run(command, timeout, **options):
    """(status, output) of a command; status is None when it took too long."""
    process = start(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        stop(process)
        output, _ = process.communicate()
        status = None
    finally:
        stop(process)
    return status, output.decode(errors="replace").replace("\r\n", "\n")


def side_by_side(fn, items):
    """The results of fn for each item. As many run at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(fn, items))


def stop_all():
    # No lock: this also runs in a signal handler, which may have interrupted its holder.
    for process in list(_running):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
