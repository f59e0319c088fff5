# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# index.html of a release, in Chromium: it tells the command for a board, and the command works.

import atexit
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request

from _release import ARCHS, BOARDS, MODULES, TOP, board, mpremote, on_board, release, served
from _release import sha256_on_board, unix
from check import case, end, eq, true
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

import firmware
import mpyinfo

ASK = "import sys; print(sys.implementation)"


def start_browser():
    options = webdriver.ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)


browser = start_browser()
atexit.register(browser.quit)


def element(name):
    return browser.find_element(By.ID, name)


def paste(text):
    element("pasted").clear()
    element("pasted").send_keys(text)


def choose(value):
    """One of the modules' or flavours' radio buttons."""
    names = [f"input[name={name}][value='{value}']" for name in ("modules", "flavour")]
    browser.find_element(By.CSS_SELECTOR, ", ".join(names)).click()


def shown(name):
    """The text of an element; "" while it is hidden."""
    return element(name).text


def commands():
    return [pre.text for pre in browser.find_elements(By.CSS_SELECTOR, "#commands pre")]


def implementation(mpy, version=(1, 25, 0, "")):
    """What the line of the page prints on a board."""
    return f"(name='micropython', version={version}, _machine='A board', _mpy={mpy})"


def mpy_of(arch):
    return 6 | 3 << 8 | mpyinfo.ARCHS.index(arch) << 10


def urls(command):
    return [word for word in shlex.split(command) if word.startswith("http")]


@case
def from_a_server():
    with served(release()) as url:
        browser.get(url)
        eq(shown("nothing"), "Pick a board first.")
        eq(commands(), [])
        for arch in ARCHS:
            if arch in ("x64", "x86"):
                continue
            paste(implementation(mpy_of(arch)))
            choose(" ".join(reversed(MODULES)))
            addresses = " ".join(f"{url}/{arch}/{module}.mpy" for module in MODULES)
            package = f"mpremote mip install {url}/{arch}/package.json"
            eq(commands(), [f"mpremote mip install {addresses}", package])
            eq(element("esp8266").is_displayed(), arch == "xtensa")
            for module in MODULES:
                choose(module)
                name = f"{url}/{arch}/{module}"
                eq(commands(), [f"mpremote mip install {name}.{e}" for e in ("mpy", "json")])
                # The checksum beside the command is that of the file.
                with urllib.request.urlopen(f"{name}.mpy") as response:
                    sha256 = hashlib.sha256(response.read()).hexdigest()
                true(shown("chosen").endswith(sha256))
        eq([entry["message"] for entry in browser.get_log("browser")], [])


@case
def the_small_flavour():
    with served(release()) as url:
        browser.get(url)
        paste(implementation(mpy_of("armv6m")))
        choose("small")
        names = ["small/msgpack" if m == "msgpack" else m for m in MODULES]
        addresses = " ".join(f"{url}/armv6m/{name}.mpy" for name in names)
        eq(commands(), [f"mpremote mip install {addresses}"])
        choose("finaliserproxy")
        eq((element("flavours").is_displayed(), shown("full")), (False, ""))
        eq(commands()[0], f"mpremote mip install {url}/armv6m/finaliserproxy.mpy")
        choose("msgpack")
        name = f"{url}/armv6m/small/msgpack"
        eq(commands(), [f"mpremote mip install {name}.{e}" for e in ("mpy", "json")])
        (full,) = urls(browser.find_element(By.CSS_SELECTOR, "#full pre").text)
        eq(full, f"{name}_full.mpy")
        for file in (f"{name}.mpy", f"{name}.json", full):
            with urllib.request.urlopen(file) as response:
                eq(response.status, 200)
        choose("full")
        eq((commands()[0].endswith("/armv6m/msgpack.mpy"), shown("full")), (True, ""))
        eq([entry["message"] for entry in browser.get_log("browser")], [])


def side(name):
    return browser.find_element(By.CSS_SELECTOR, f"#{name} pre").text


@case
def the_coprocessor():
    with served(release()) as url:
        browser.get(url)
        eq(element("coprocessor").is_displayed(), False)
        paste(implementation(mpy_of("armv6m")))
        mip = f"mpremote mip install {url}/coprocessor"
        finaliser = f"{url}/armv6m/finaliserproxy.mpy"
        for flavour, folder in [("full", ""), ("small", "small/")]:
            choose(flavour)
            msgpack = f"{url}/armv6m/{folder}msgpack.mpy"
            eq(side("client"), f"{mip}-client.json {finaliser} {msgpack}")
            eq(side("server"), f"{mip}-server.json {msgpack}")
        drop_in = element("coprocessor").find_element(By.TAG_NAME, "a").get_attribute("href")
        for file in (*urls(side("client")), *urls(side("server")), drop_in):
            with urllib.request.urlopen(file) as response:
                eq(response.status, 200)
        paste("x64")
        eq(element("coprocessor").is_displayed(), False)
        paste(implementation(6))
        eq(element("coprocessor").is_displayed(), False)


@case
def from_a_file():
    with tempfile.TemporaryDirectory() as folder:
        # With all that a path can have.
        place = os.path.join(folder, "it's a [release] #1?é")
        shutil.copytree(release(), place)
        browser.get("file://" + urllib.parse.quote(f"{place}/index.html"))
        paste(implementation(mpy_of("armv6m")))
        mkdir, cp = commands()
        eq(mkdir, "mpremote mkdir :lib")
        files = [f"{place}/armv6m/{module}.mpy" for module in MODULES]
        eq(shlex.split(cp), ["mpremote", "cp", *files, ":lib/"])
        true(all(map(os.path.exists, files)))
        package = f"{place}/coprocessor-server.json"
        command = ["mpremote", "mip", "install", package, "+", "cp"]
        eq(shlex.split(side("server")), [*command, f"{place}/armv6m/msgpack.mpy", ":lib/"])
        true(os.path.exists(package))
        eq([entry["message"] for entry in browser.get_log("browser")], [])


def open_file():
    browser.get(f"file://{release()}/index.html")


@case
def from_a_file_on_windows():
    # Where a folder's address begins with a letter, and shells have other quotes.
    open_file()
    for address, path, word in (
        ("file:///C:/dist/", "C:/dist/", "C:/dist/"),
        ("file:///d:/it's%20a%20release/", "d:/it's a release/", '"d:/it\'s a release/"'),
        ("file:///home/a%20release/", "/home/a release/", "'/home/a release/'"),
        ("file:///home/C:/", "/home/C:/", "/home/C:/"),
    ):
        script = "const path = pathOf(new URL(arguments[0])); return [path, quoted(path)]"
        eq(browser.execute_script(script, address), [path, word])


@case
def on_linux():
    with served(release()) as url:
        browser.get(url)
        paste("x64")
        addresses = " ".join(f"{url}/x64/{module}.mpy" for module in MODULES)
        eq(commands(), [f"wget -P ~/.micropython/lib {addresses}"])
    open_file()
    paste("x64")
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": f"{TOP}/build/unix-x64:{os.environ['PATH']}"}
        for command in (*commands(), shown("try")):
            result = subprocess.run(command, shell=True, env=env, capture_output=True, text=True)
            eq(result.returncode, 0 if result.returncode == 0 else result.stderr)
        eq(result.stdout, (TOP / "VERSION").read_text())


@case
def every_board():
    open_file()
    select = Select(element("board"))
    eq(len(select.options), len(firmware.BOARDS) + 1)
    for known in firmware.BOARDS:
        name, arch, oldest = known["board"], known["arch"], known.get("firmware")
        select.select_by_visible_text(name)
        true(f"/{arch}/msgpack.mpy" in commands()[-1])
        true(f"architecture is {arch};" in shown("what"))
        true(not oldest or f"{oldest} or later" in shown("what") or print(name, shown("what")))


@case
def the_later_choice_counts():
    open_file()
    paste("armv6m")
    Select(element("board")).select_by_visible_text("SAMD51")
    eq(element("pasted").get_attribute("value"), "")
    true("/armv7emsp/" in commands()[1])
    paste("rv32imc")
    eq(Select(element("board")).first_selected_option.text, "…")
    true("/rv32imc/" in commands()[1])


@case
def other_forms_of_the_answer():
    open_file()
    for text, arch in [
        (str(mpy_of("armv7emdp")), "armv7emdp"),
        ("  armv7m\n", "armv7m"),
        (implementation(mpy_of("armv7em")), "armv7m"),
        # With the flags that v1.27 has for RISC-V.
        (implementation(mpy_of("rv32imc") | 0x4000, (1, 27, 0, "")), "rv32imc"),
        (unix(ASK)[1], "x64"),
    ]:
        paste(text)
        eq((shown("warning"), f"/{arch}/msgpack.mpy" in commands()[-1]), ("", True))


# Notes what a screen reader may say of these.
WATCH = """
window.heard = [];
for (const e of document.querySelectorAll("#warning, #what")) {
    new MutationObserver(() => { heard.push(e.textContent); }).observe(e, {childList: true});
}
return [...document.querySelectorAll("#warning, #what")].every(e => e.checkVisibility());
"""


@case
def what_a_screen_reader_says():
    open_file()
    # Where it waits for text, before there is any.
    eq(browser.execute_script(WATCH), True)
    # Not at each key.
    paste("hello")
    paste("armv7m")
    heard = browser.execute_script("return heard")
    words = "This is not what that line prints."
    eq(heard[:-1], [words, "", words, ""])
    true(heard[-1].startswith("The board's architecture is armv7m;"))


@case
def what_does_not_work():
    open_file()
    for text, words in [
        ("(name='micropython', version=(1, 18, 0), mpy=10757)", "v1.18"),
        (implementation(6 | 2 << 8 | 5 << 10, (1, 22, 2, "")), "v1.22"),
        (implementation(6), "loads no native code"),
        ("none", "loads no native code"),
        (implementation(6 | 1 << 8 | 5 << 10), "version 6.1"),
        (implementation(mpy_of("armv6")), "no files for armv6"),
        (implementation(6 | 3 << 8 | 15 << 10), "no files for unknown"),
        ("NameError: name 'sys' isn't defined", "not what that line prints"),
        ("hello", "not what that line prints"),
    ]:
        paste(text)
        true(words in shown("warning") or print(text, shown("warning")))
        eq(element("install").is_displayed(), False)


@case
def finaliserproxy_on_an_esp32():
    open_file()
    paste(implementation(mpy_of("xtensawin"), (1, 23, 0, "")))
    for modules in (" ".join(reversed(MODULES)), "finaliserproxy"):
        choose(modules)
        text = "v1.23. On xtensawin finaliserproxy needs v1.24 or later: update it."
        true(shown("warning").endswith(text) or print(shown("warning")))
    choose("msgpack")
    eq(shown("warning"), "")


@case
def nothing_from_elsewhere():
    text = (release() / "index.html").read_text()
    eq(re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?!data:)(\w+:|//)""", text), [])


@case
def the_command_does_it():
    name = "mps2-an386"
    arch = BOARDS[name].arch
    with served(release()) as url, board(name) as b:
        browser.get(url)
        paste(on_board(b, ASK))
        for module, flavour in [("finaliserproxy", ""), ("msgpack", "small")]:
            choose(module)
            if flavour:
                choose(flavour)
            words = shlex.split(commands()[0])
            eq((words[0], mpremote(b, *words[1:])[0]), ("mpremote", 0))
            file = release() / arch / flavour / f"{module}.mpy"
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            eq(sha256_on_board(b, f"/lib/{module}.mpy"), sha256)
            words = shlex.split(shown("try"))
            version = (TOP / "VERSION").read_text().strip() + ("+small" if flavour else "")
            eq(mpremote(b, *words[1:]), (0, f"{version}\n"))


end()
