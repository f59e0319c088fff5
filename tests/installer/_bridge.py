# SPDX-License-Identifier: MIT
"""A release's page in Chromium, and a stand-in for navigator.serial that leads to a terminal."""

import atexit
import contextlib
import functools
import hashlib
import http.server
import os
import select
import shutil
import termios
import threading
import tty
from pathlib import Path

# The first one finds the others.
from _board import mpy_of  # noqa: F401
from _release import TOP, release
from check import eq, true
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PICTURES = TOP / "build/page"
# The board that most tests install on.
NAME, ARCH = "mps2-an385/armv7m", "armv7m"


def sha256(file):
    return hashlib.sha256((release() / file).read_bytes()).hexdigest()


# The bytes go through the server that has the page.
STAND_IN = """
(() => {
    const ask = (what, body, signal) =>
        fetch("URL/serial/" + what, {method: "POST", body, signal});
    const lost = () => new DOMException("The device has been lost.", "NetworkError");
    class Port {
        async open({baudRate}) {
            if (!(await ask("open", String(baudRate))).ok) {
                throw new DOMException("Failed to open serial port.", "NetworkError");
            }
            let isOpen = true;
            this.readable = new ReadableStream({
                async pull(controller) {
                    while (isOpen) {
                        const answer = await ask("read");
                        if (!answer.ok) {
                            controller.error(lost());
                            return;
                        }
                        const bytes = new Uint8Array(await answer.arrayBuffer());
                        if (bytes.length) {
                            controller.enqueue(bytes);
                            return;
                        }
                    }
                },
                cancel() { isOpen = false; },
            }, {highWaterMark: 0});
            this.writable = new WritableStream({
                async write(bytes, controller) {
                    if (!(await ask("write", bytes, controller.signal)).ok) {
                        throw lost();
                    }
                },
            });
        }
        async close() {
            if (this.readable.locked || this.writable.locked) {
                throw new TypeError("a stream is locked");
            }
            await ask("close");
        }
    }
    Object.defineProperty(navigator, "serial", {value: {requestPort: async () => new Port()}});
})();
"""


class Wire:
    """What leads from the page to a terminal. It is cut after so many bytes, or at some bytes, if
    that is set."""

    def __init__(self, pty):
        self.pty = pty
        self.fd = None
        self.count = 0
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        """What tests set: where to cut, and what becomes of the bytes on their ways."""
        self.cut_after = self.cut_at = None
        self.sent, self.heard = 0, b""
        self.to_board = self.from_board = lambda data: data

    def open(self, body):
        if self.pty is None or body != b"115200":
            return None
        self.fd = os.open(self.pty, os.O_RDWR | os.O_NOCTTY)
        self.count += 1
        tty.setraw(self.fd, termios.TCSANOW)
        return b""

    @property
    def is_cut(self):
        return (
            self.fd is None
            or self.cut_after is not None
            and self.sent >= self.cut_after
            or self.cut_at is not None
            and self.cut_at in self.heard
        )

    def read(self, body):
        fd, count = self.fd, self.count
        if self.is_cut:
            return None
        try:
            ready, _, _ = select.select([fd], [], [], 0.5)
        except OSError:
            return None  # It was closed meanwhile.
        with self.lock:
            if self.is_cut or self.count != count:
                return None  # A request of an earlier connection takes nothing of this one.
            return self.from_board(os.read(fd, 65536)) if ready else b""

    def write(self, body):
        if self.is_cut:
            return None
        self.sent += len(body)
        self.heard = (self.heard + body)[-len(body) - 100 :]
        if self.is_cut:
            return None
        body = self.to_board(body)
        while body:
            body = body[os.write(self.fd, body) :]
        return b""

    def close(self, body=b""):
        with self.lock:
            if self.fd is not None:
                os.close(self.fd)
            self.fd = None
        return b""


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = getattr(self.server.wire, self.path.rpartition("/")[2])(body)
        self.send_response(200 if answer is not None else 410)
        self.send_header("Content-Length", str(len(answer or b"")))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        # The page may be another one meanwhile.
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(answer or b"")


@functools.cache
def browser():
    options = webdriver.ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--window-size=900,1100")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    atexit.register(made.quit)
    return made


class Page:
    def __init__(self, wire, url):
        self.wire = wire
        self.url = url

    def open(self, url=None):
        browser().get(url or self.url)

    def element(self, name):
        return browser().find_element(By.ID, f"serial-{name}")

    def click(self, name):
        self.element(name).click()

    def wait(self, done, what, seconds=120):
        WebDriverWait(browser(), seconds, 0.1).until(lambda _: done(), what)

    def wait_for(self, name):
        """Wait for a button to be there, or for a warning."""
        self.wait(lambda: self.element(name).is_displayed() or self.warning, name)
        if self.warning and not self.element(name).is_displayed():
            raise AssertionError(self.warning)

    @property
    def status(self):
        return self.element("status").text

    @property
    def warning(self):
        return self.element("warning").text

    def connect(self):
        self.wait(self.element("connect").is_displayed, "the start")
        self.click("connect")
        self.wait_for("install")

    def refused(self):
        """The warning that follows. The board is let go."""
        self.wait(lambda: self.warning, "a warning")
        words = self.warning
        ends = [self.element(name) for name in ("cancel", "connect")]
        self.wait(lambda: any(button.is_displayed() for button in ends), "what to do then")
        if ends[0].is_displayed():
            self.click("cancel")
            self.wait(ends[1].is_displayed, "the end")
        return words

    def tick(self, *names):
        for name, box in self.boxes().items():
            if box.is_selected() != (name in names):
                box.click()

    def boxes(self):
        """What can be ticked, by name."""
        boxes = browser().find_elements(By.NAME, "serial-module")
        return {box.get_attribute("value"): box for box in boxes}

    def picture(self, name):
        """A picture of this state, for people."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        browser().save_screenshot(str(PICTURES / f"{name}.png"))

    def messages(self):
        """What the browser complains about, besides lost connections of the stand-in."""
        found = [entry["message"] for entry in browser().get_log("browser")]
        return [text for text in found if "/serial/" not in text]


@contextlib.contextmanager
def page(pty, folder=None):
    """The page of a release from a server; its Connect button leads to a terminal."""
    handler = functools.partial(Handler, directory=str(folder or release()))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.wire = Wire(pty)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        script = STAND_IN.replace("URL", url)
        added = browser().execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": script}
        )
        made = Page(server.wire, url)
        try:
            made.open(f"{url}/index.html")
            yield made
        finally:
            browser().execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
            browser().get("about:blank")
            server.wire.close()
            server.shutdown()


def rows(name):
    return [
        [cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]
        for row in browser().find_elements(By.CSS_SELECTOR, f"#serial-{name} tr")
    ]


def files(board):
    """The names of the files in :lib, and of all others."""
    return sorted(name.removeprefix("/lib/") for name in board.files)


def said(words, text):
    true(words in text or print((words, text)))


def refused(page, *ticked):
    """The warning for what is ticked, which leaves the choice."""
    page.tick(*ticked)
    page.click("install")
    page.wait(lambda: page.warning and page.element("install").is_displayed(), "a warning")
    return page.warning


def install(page, *ticked):
    """Fail unless that works; the rows that it shows."""
    page.tick(*ticked)
    page.click("install")
    page.wait_for("again")
    eq(page.warning, "")
    return rows("installed")


def start_folder(folder):
    """The address of a page in a folder of this machine."""
    return Path(folder, "index.html").as_uri()
