# SPDX-License-Identifier: MIT
# make test-board: what is made of the answers of boards that no emulator is.

import contextlib
import fcntl
import io
import os
import sys
import tempfile
from types import SimpleNamespace

sys.path[:0] = ["tests", "tests/release"]

import _fake  # noqa: E402
import check  # noqa: E402
from check import case, eq, raises, true  # noqa: E402
from lib import real  # noqa: E402
from lib.nested import contains  # noqa: E402
from runner import asking, connected, hardware, onboard, scripts, serial_port  # noqa: E402
from runner.protocol import Failure, Result  # noqa: E402
from runner.rawrepl import Died  # noqa: E402

import questions  # noqa: E402
import remote  # noqa: E402

ARMV7M, XTENSAWIN = 5, 10
ANSWER = {"esp8266": None, "machine": "a board"}


def facts(**more):
    known = dict(
        machine="a board",
        version=(1, 25, 0),
        arch="armv7m",
        platform="stm32",
        build="3.4.0; MicroPython v1.25.0",
        heap=300000,
        stack=12000,
        levels=40,
        lacks=[],
        folder="/flash",
        block=512,
        free=200000,
        writes_code=False,
        answer=ANSWER,
        seconds=0.02,
    )
    return asking.Facts(**{**known, **more})


def session(files=(), **more):
    return connected.Session(None, facts(**more), list(files), scripts.collect([], ""))


def refused(port, *words):
    status, output = real.run(port)
    true(status == 1 and "Traceback" not in output or print(output))
    for word in ("test-board: ", *words):
        contains(output, word)


def of_arch(number, version=(1, 25, 0, ""), sub_version=3):
    return _fake.implementation(version, 6 | sub_version << 8 | number << 10)


@contextlib.contextmanager
def patched(module, **names):
    old = {name: getattr(module, name) for name in names}
    for name, value in names.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in old.items():
            setattr(module, name, value)


@case
def firmware_that_cannot():
    for implementation, *words in (
        (of_arch(ARMV7M, (1, 22, 2, ""), 2), "v1.22.2", "v1.23 or later", "update it"),
        (of_arch(XTENSAWIN, (1, 23, 0, "")), "finaliserproxy for xtensawin needs", "update it"),
        (of_arch(0), "no native code"),
        (of_arch(ARMV7M, (1, 40, 0, ""), 2), "6.2", "newer release"),
    ):
        with _fake.Board(implementation) as board:
            refused(board.pty, *words)
    with _fake.Board(of_arch(ARMV7M), free=None) as board:
        refused(board.pty, "no file system")


@case
def ports():
    refused("/dev/ttyNONE", "no board at /dev/ttyNONE", "no such port")
    with tempfile.NamedTemporaryFile() as file:
        refused(file.name, "is no serial port")
    ours, theirs = os.openpty()
    fcntl.flock(theirs, fcntl.LOCK_EX)
    refused(os.ttyname(theirs), "in use by another program")
    fcntl.flock(theirs, fcntl.LOCK_UN)
    # Something that is no board: it answers nothing.
    with patched(connected, ANSWERS=0.2):
        device = connected.Device(os.ttyname(theirs))
        raises(remote.Failure, device.enter, match="is MicroPython on it? Press its reset")
        device.stop()
    os.close(ours)
    os.close(theirs)


@case
def the_port_that_there_is():
    for found, port in ((["/dev/ttyACM3"], "/dev/ttyACM3"), ([], None), (["/a", "/b"], None)):
        with patched(serial_port, ports=lambda: found):
            eq(serial_port.find("/given"), "/given")
            if port:
                eq(serial_port.find(""), port)
            else:
                raises(remote.Failure, serial_port.find, "", match="PORT=/dev/ttyACM0 (there")


@case
def targets():
    for lacks, name in (
        ([], "connected/armv7m"),
        (["floats", "unicode"], "connected-nofloat-nounicode/armv7m"),
        (["big-ints"], "connected-longlong/armv7m"),
        (["long-ints", "big-ints"], "connected-smallint/armv7m"),
    ):
        eq(asking.target(facts(lacks=lacks)).name, name)
    target = asking.target(facts(lacks=["floats"]))
    eq([p for p in ("connected", "rpi-pico", "mps2-*") if target.matches(p)], ["connected"])
    wanting = scripts.Script(None, "", {"wants": "floats threads"})
    eq(wanting.wanted_in_vain(target), "floats")
    eq([asking.target(facts(seconds=s)).slowness for s in (0.001, 0.04, 0.4)], [1, 1, 10])


@case
def slow_boards_do_less():
    def names(seconds):
        target = asking.target(facts(seconds=seconds))
        return {s.name for s in scripts.collect([], "") if onboard.wanted(s, target)}

    slow, fast = names(0.4), names(0.1)
    true(slow < fast and "tests/msgpack/basic.py" in slow or check.long)
    true("tests/msgpack/threads.py" in slow)
    # What "repeats" leaves to make test-long runs on a real board, which repeats no other.
    true("tests/msgpack/allbytes.py" in fast - slow or check.long)
    true("tests/msgpack/lowmem.py" not in fast or check.long)
    # What knows the addresses of an emulated board does not run on others.
    true("tests/msgpack/stack_limit.py" not in fast)


@case
def what_the_board_cannot():
    small = session(heap=60000, stack=4000)
    memory = "MemoryError: memory allocation failed, allocating 5000 bytes\nTraceback"
    deep = "RuntimeError: maximum recursion depth exceeded\nTraceback"
    module = "ImportError: no module named 'vfs'\nTraceback"
    for text, reason in (
        (memory, "5000 bytes, of a heap of 60000 bytes"),
        (deep, "with a C stack of 4000 bytes"),
        (module, "the firmware has no module vfs"),
    ):
        true(small._lacking(Failure("a", 1, text)).endswith(reason))
    for text in (
        "AssertionError: MemoryError",
        "ImportError: no module named 'msgpack'",
        "ImportError: no module named 'check'",
        "ValueError: 1",
    ):
        eq((text, small._lacking(Failure("a", 1, text))), (text, ""))
    # Where all tests are known to fit it is a failure.
    for text in (memory, deep):
        eq(session()._lacking(Failure("a", 1, text)), "")


@case
def bytes_written():
    writers = [s.path.name for s in scripts.collect([], "") if connected.WRITES.search(s.text)]
    module_tests = {"cores.py", "large.py", "optional.py", "streams_native.py"}
    eq(module_tests - set(writers), set())
    s = session()
    s.count(connected.LIMIT - 10000)
    writer = scripts.read("tests/msgpack/streams_native.py")
    with patched(connected.qemu.Session, run_script=lambda self, script: Result(passed=1)):
        eq(s.run_script(writer).passed, 1)
        eq(s.written, connected.LIMIT - 10000 + connected.OF_A_WRITER)
        ((_, reason),) = s.run_script(writer).skips
        contains(reason, "would write more than 500000 bytes")
        eq(s.run_script(scripts.read("tests/msgpack/basic.py")).passed, 1)
    # An ESP8266 writes the code at each import.
    file = SimpleNamespace(module="msgpack", info=SimpleNamespace(text=17000))
    basic = scripts.read("tests/msgpack/basic.py")
    eq(session([file], writes_code=True)._writes(basic), 17000)
    eq(session([file])._writes(basic), 0)


@case
def answers_of_another_shape():
    about = _fake.ABOUT
    known = {name: getattr(facts(), name) for name in asking.SAID}

    def ask(about, known):
        answers = {questions.ASK: about, asking.PROGRAM: known, "": None}

        def run(source, timeout):
            answer = next(a for program, a in answers.items() if source.endswith(program))
            return f"{remote.MARK}{answer!r}\n", ""

        return asking.ask(SimpleNamespace(run=run), ["msgpack"])

    eq(ask(about, {**known, "unasked": 1}).lacks, [])
    for other in 5, [], {}, {**about, "version": 1}, {**about, "block": 0}:
        raises(remote.Failure, ask, other, known)
    for name in known:
        raises(remote.Failure, ask, about, {**known, name: None})
    raises(remote.Failure, ask, about, {**known, "block": 0}, match="no file system")
    raises(remote.Failure, ask, about, {**known, "heap": 1 << 64}, match="does not say what")


@case
def modules_that_are_hidden():
    class Board:
        def soft_reset(self):
            return ""

        def run(self, source, timeout):
            return f"{remote.MARK}{answer!r}\n", ""

    path = SimpleNamespace(name="msgpack.mpy")
    file = SimpleNamespace(
        module="msgpack", flavour="full", path=path, info=SimpleNamespace(text=10)
    )
    s = connected.Session(Board(), facts(), [file], [])
    for place, words in (
        ("", "a msgpack that is built in, not /flash/natmods-test/msgpack.mpy"),
        ("/flash/lib/msgpack.mpy", "is at /flash/lib/msgpack.mpy, not"),
    ):
        answer = {"msgpack": {"growth": 100, "file": place, "version": "1"}}
        raises(remote.Failure, s._check_imports, match=words)
    answer["msgpack"]["file"] = "/flash/natmods-test/msgpack.mpy"
    s._check_imports()
    eq(s.ram, {"msgpack": 100})
    # The small flavour does not say where it is.
    answer["msgpack"]["file"] = ""
    raises(remote.Failure, s._check_imports, match="built in")
    file.flavour, answer["msgpack"]["version"] = "small", "1+small"
    s._check_imports()
    answer["msgpack"]["version"] = "1"
    raises(remote.Failure, s._check_imports, match="built in")


@case
def a_folder_that_stays():
    def remove(error):
        def raise_it():
            raise error

        hanging = SimpleNamespace(folder="/natmods-test", remove=raise_it)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            raises(type(error), onboard.remove, hanging)
        return said.getvalue()

    for error in (onboard.Interrupted(), remote.Failure("no answer"), Died("hangs", b"")):
        eq(remove(error), "The next run removes :/natmods-test from the board.\n")


@case
def rows_of_reports():
    report = hardware.DetailedReport()
    ram = {"msgpack": 20000, "ioctl": 1234}
    target = SimpleNamespace(is_small=False)
    board = SimpleNamespace(ram=ram, facts=facts(machine="a|b"), target=target)
    speed = {"a": [10, 100, 20, 50], "b": [10, 250, 10, 30], "c": "MemoryError"}
    row = hardware.row(board, report, speed)
    true(hardware.ROW.fullmatch(row) or print(row))
    true(row.startswith("| a/b | v1.25.0 | armv7m | "))
    true(row.endswith(" | 0, 0, 0 | 21,234 | 10.0–25.0 | 2.5–3.0 |") or print(row))
    true(hardware.ROW.fullmatch(hardware.row(board, report, {})))


check.end()
