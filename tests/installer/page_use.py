# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The page of a release for people: by keyboard alone, with a screen reader, dark, on a narrow
# screen, and without Web Serial. It leaves pictures of the states in build/page/.

import itertools
import re
from types import SimpleNamespace

from _board import Board
from _bridge import TOP, browser, files, page, release, rows, said
from _release import own_mip, served, unix
from check import case, end, eq, true
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import deploy

CONTROLS = "#serial button, #serial input, #serial progress, #serial table, #serial fieldset"


def focused():
    return browser().switch_to.active_element


def press(*keys):
    for key in keys:
        focused().send_keys(key)


def has_names(p, *ids):
    """Each thing on show has a name for a screen reader; these are on show."""
    shown = [e for e in browser().find_elements(By.CSS_SELECTOR, CONTROLS) if e.is_displayed()]
    for element in shown:
        true(element.accessible_name.strip() or print(element.get_attribute("outerHTML")))
    true({f"serial-{name}" for name in ids} <= {e.get_attribute("id") for e in shown})
    is_wide = "return document.scrollingElement.scrollWidth > innerWidth"
    eq(browser().execute_script(is_wide), False)


@case
def by_keyboard_alone():
    with Board() as fake, page(fake.pty) as p:
        fake.files["/lib/ioctl.mpy"] = b"old"
        has_names(p, "connect")
        press(Keys.TAB)
        eq(focused().get_attribute("id"), "serial-connect")
        press(Keys.ENTER)
        p.wait_for("install")
        # What was found is said, and the choices come next: modules, the flavour, the sides.
        said("a fake board, MicroPython v1.25.0", p.status)
        eq(focused().get_attribute("value"), "msgpack")
        has_names(p, "install", "cancel", "full", "small", "flavours")
        sides = "coprocessor-client", "coprocessor-server"
        for name in ("ioctl", "finaliserproxy", "msgpack_aio", "full", *sides):
            press(Keys.TAB)
            eq(focused().get_attribute("value"), name)
        while focused().get_attribute("value") != "ioctl":
            focused().send_keys(Keys.SHIFT, Keys.TAB)
        press(Keys.SPACE)
        # Where a screen reader waits for text, before there is any.
        for role, name in (("status", "status"), ("alert", "warning"), ("group", "flavours")):
            eq(p.element(name).aria_role, role)
        while focused().get_attribute("id") != "serial-install":
            press(Keys.TAB)
        press(Keys.ENTER)
        p.wait_for("replace")
        eq(focused().get_attribute("id"), "serial-replace")
        has_names(p, "replace", "keep", "back")
        press(Keys.TAB, Keys.ENTER)
        p.wait_for("again")
        eq(fake.files["/lib/ioctl.mpy"], b"old")
        said("but for what you have kept: /lib/ioctl.mpy", p.status)
        eq(focused().get_attribute("id"), "serial-again")
        has_names(p, "again")
        press(Keys.ENTER)
        eq(focused().get_attribute("id"), "serial-connect")


@case
def impatient():
    # Each button counts once, and nothing is chosen any more while the files come.
    with Board() as fake, page(fake.pty) as p:
        p.connect()
        click = "for (const name of arguments) document.getElementById(`serial-${name}`).click()"
        shown = "return document.getElementById('serial-install').checkVisibility()"
        browser().execute_script(click, "install", "install")
        eq(browser().execute_script(shown), False)
        p.wait_for("again")
        eq((p.warning, files(fake)), ("", ["msgpack.mpy"]))
        eq([row[0] for row in rows("installed")], ["msgpack"])
        browser().execute_script(click, "again", "connect", "connect")
        p.wait_for("install")
        eq(p.warning, "")


@case
def a_port_in_use():
    with page(None) as p:
        for _ in range(2):
            p.click("connect")
            words = p.refused()
            said("in use by another program", words)
            said("usermod -aG dialout", words)
        eq(p.messages(), [])


def scheme(name):
    features = [{"name": "prefers-color-scheme", "value": name}]
    browser().execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@case
def on_a_narrow_screen_and_dark():
    size = browser().get_window_size()
    screen = {"width": 360, "height": 1000, "deviceScaleFactor": 1, "mobile": True}
    browser().execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    scheme("dark")
    try:
        with Board(arch="xtensawin", has=("network", "socket", "ssl", "tls")) as fake:
            with page(fake.pty) as p:
                fake.files["/lib/msgpack.mpy"] = b"old"
                has_names(p, "connect")
                p.picture("narrow-1-start")
                p.connect()
                p.tick("coprocessor-server")
                has_names(p, "install")
                p.picture("narrow-2-board")
                p.click("install")
                p.wait_for("replace")
                has_names(p, "replace")
                p.picture("narrow-3-differ")
                p.click("replace")
                p.wait_for("again")
                has_names(p, "again")
                p.picture("narrow-4-installed")
                p.click("again")
                p.wire.cut_after = 0
                p.click("connect")
                p.refused()
                p.picture("narrow-5-pulled")
    finally:
        scheme("")
        browser().execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser().set_window_size(size["width"], size["height"])


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(c * weight for c, weight in zip(parts, (0.2126, 0.7152, 0.0722)))


def enough(ink, paper, wanted=4.5):
    one, other = sorted(map(luminance, (ink, paper)))
    true((other + 0.05) / (one + 0.05) >= wanted or print((ink, paper)))


# The colours of a control: its edge, that on both sides of it, and a placeholder's.
COLOURS = """
const two = n => Number(n).toString(16).padStart(2, "0");
const hex = text => "#" + text.match(/\\d+/g).slice(0, 3).map(two).join("");
const style = (e, part) => getComputedStyle(e, part);
const controls = [...document.querySelectorAll("select, input[type=text], button")];
return controls.filter(e => e.checkVisibility()).map(e => [
    e.id || e.textContent,
    hex(style(e).borderColor),
    hex(style(e).backgroundColor),
    hex(style(e.closest("pre, section")).backgroundColor),
    e.placeholder ? hex(style(e, "::placeholder").color) : "",
]);
"""


@case
def contrast():
    # As WCAG 2 has it for text of this size.
    text = (TOP / "tools/page.html").read_text()
    schemes = re.findall(r":root \{(.*?)\}", text, re.S)
    eq(len(schemes), 2)
    for found in schemes:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", found))
        for ink, paper in itertools.product(("ink", "soft", "accent"), ("paper", "card", "code")):
            enough(colours[ink], colours[paper])
        enough(colours["warn"], colours["warn-paper"])


@case
def contrast_of_controls():
    with Board() as fake, page(fake.pty):
        for name in "light", "dark":
            scheme(name)
            found = browser().execute_script(COLOURS)
            true({"serial-connect", "board", "pasted"} <= {control for control, *_ in found})
            for _, edge, inside, outside, placeholder in found:
                enough(edge, outside, 3)
                if placeholder:
                    enough(placeholder, inside)
        scheme("")


@case
def without_web_serial():
    script = {"source": "delete Navigator.prototype.serial;"}
    with served(release()) as url:
        added = browser().execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
        browser().get(url)
        browser().execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
        eq(browser().find_element(By.ID, "serial").is_displayed(), False)
        said("With Chrome, Edge", browser().find_element(By.ID, "no-serial").text)
        eq(
            [e["message"] for e in browser().get_log("browser") if "/serial/" not in e["message"]],
            [],
        )
        browser().get("about:blank")


# In natmods.py, the file that it would fetch first is what it has decided.
DECIDE = """
import gc, natmods, sys
from io import BytesIO

class Sums:
    headers = {}
    def __init__(self):
        lines = ["%064d  %s\\n" % (0, "x64/%smsgpack.mpy" % e) for e in ("", "small/")]
        self.raw = BytesIO("".join(lines).encode())
    def close(self):
        pass

class Decided(Exception):
    pass

def get(url):
    if url.endswith("SUMS"):
        return Sums()
    raise Decided("small" if "small" in url else "full")

class Os:
    def stat(self, name):
        if size and name.endswith(".mpy"):
            return (0x8000, 0, 0, 0, 0, 0, size)
        raise OSError(2)
    def mkdir(self, name):
        pass
    remove = mkdir

class Gc:
    def collect(self):
        pass
    def mem_free(self):
        return ram

natmods.os, natmods.gc, natmods._get = Os(), Gc(), get
for size, ram in FACTS:
    try:
        natmods.install("msgpack", url="http://here", target="/lib")
    except Decided as e:
        print(e)
"""


@case
def the_same_flavour_everywhere():
    # make deploy, the page, and natmods.py on the board.
    names = {None: "", "small": "x64/small/msgpack.mpy", "full": "x64/msgpack.mpy"}
    limit = deploy.LITTLE_RAM
    facts = list(itertools.product(names, (1000, limit - 1, limit, limit + 1, 200_000)))
    with Board() as fake, page(fake.pty):
        folder = release()
        sizes = {n: (folder / file).stat().st_size if n else 0 for n, file in names.items()}
        boards = []
        for flavour, ram in facts:
            found = [("/lib/msgpack.mpy", sizes[flavour], "", flavour)] if flavour else []
            boards.append({"lib": "/lib", "found": found, "ram": ram})
        options = SimpleNamespace(in_place=False, small=False, full=False)
        of_deploy = [deploy.choose(board, "msgpack", options)[0] for board in boards]
        of_page = browser().execute_script(
            "return arguments[0].map(about => flavourFor(about, 'msgpack'))", boards
        )
    program = f"FACTS = {[(sizes[flavour], ram) for flavour, ram in facts]}\n{DECIDE}"
    status, output = unix(program, TOP / "installer", own_mip()[1], ".frozen")
    eq(status, 0 if status == 0 else output)
    eq(of_page, of_deploy)
    eq(output.split(), of_deploy)
    eq([of_deploy.count(name) for name in ("small", "full")], [7, 8])


end()
