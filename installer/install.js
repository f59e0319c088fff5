// SPDX-License-Identifier: MIT
// The part of the page that installs by Web Serial: serial.js talks to the board.

const serial = {board: null, about: null, has: null, arch: null, picked: null, isCopied: false, isBusy: false};

// A warning interrupts a screen reader, other text does not.
function say(text, isWarning) {
    element("serial-status").textContent = isWarning ? "" : text;
    element("serial-warning").textContent = isWarning ? text : "";
}

// Show what belongs to a step. Where its button was, the focus goes to what is next.
function showStep(name) {
    const section = element("serial");
    const hadFocus = document.activeElement === document.body || section.contains(document.activeElement);
    for (const step of section.querySelectorAll("[data-step]")) {
        step.hidden = step.dataset.step !== name;
    }
    if (hadFocus) {
        const step = section.querySelector(`[data-step="${name}"]`);
        (step?.querySelector("input[name=serial-module]:enabled") || step?.querySelector("[data-first]") ||
            element("serial-title")).focus();
    }
}

// The contents of a file of the release, compared with its checksum.
async function contents(file) {
    let data;
    if (isFile) {
        const picked = [...serial.picked || []].find(f => f.webkitRelativePath.endsWith(`/${file.file}`));
        if (!picked) {
            throw new BoardError(`The folder that was picked has no ${file.file}. Pick the release's folder.`);
        }
        data = await picked.arrayBuffer();
    } else {
        const signal = AbortSignal.timeout(60000);
        const response = await fetch(new URL(file.file, base), {signal}).catch(() => null);
        if (response && !response.ok) {
            throw new BoardError(`The server does not have ${file.file}.`);
        }
        data = response && await response.arrayBuffer().catch(() => null);
        if (!data) {
            throw new BoardError("The server does not answer. Look at the connection to it, and try again.");
        }
    }
    data = new Uint8Array(data);
    if (await sha256(data) !== file.sha256) {
        throw new BoardError(`${file.file} is not the file of this release: its checksum differs.`);
    }
    return data;
}

function rowOf(table, name, value) {
    const line = make(table, "tr", "");
    make(line, "th", name).scope = "row";
    make(line, "td", value);
}

function showBoard() {
    const {about, arch} = serial;
    const table = element("serial-board");
    table.replaceChildren();
    rowOf(table, "board", about.machine);
    rowOf(table, "firmware", `MicroPython v${about.version.join(".")}`);
    rowOf(table, "architecture", arch);
    rowOf(table, "free RAM", `${Math.floor(about.ram / 1024)} KB`);
    rowOf(table, "free flash", `${Math.floor(about.free / 1024)} KB`);
    for (const input of document.querySelectorAll("input[name=serial-module]")) {
        const why = whyNot(input.value, arch);
        input.disabled = Boolean(why);
        input.checked = input.checked && !why;
    }
    element("serial-none").hidden = arch !== "none";
    element(flavourFor(about, withSmall[0]) === "small" ? "serial-small" : "serial-full").checked = true;
    showFlavours();
}

function ticked() {
    return [...document.querySelectorAll("input[name=serial-module]:checked")].map(input => input.value);
}

function flavour() {
    return document.querySelector("input[name=serial-flavour]:checked").value;
}

// Only some modules have two.
function showFlavours() {
    const native = nativeOf(ticked(), serial.arch);
    element("serial-flavours").hidden = !native.some(name => withSmall.includes(name));
    const {esp8266} = serial.about;
    element("serial-line").hidden = !native.length || esp8266 === null || esp8266 < release.esp8266Files;
}

// A board is one side of the co-processor.
function tickOneSide(input) {
    const packages = Object.values(release.sides).map(side => side.package);
    if (input.checked && packages.includes(input.value)) {
        for (const other of document.querySelectorAll("input[name=serial-module]:checked")) {
            other.checked = other === input || !packages.includes(other.value);
        }
    }
}

// The steps of what is to be copied: files that are not on the board yet, after a question about
// those that differ. null: the user does not want that.
async function choose() {
    const {about} = serial;
    const found = new Map(about.found.map(([name, , digest]) => [name, digest]));
    const steps = [], differ = [];
    for (const step of wanted(ticked(), flavour(), serial)) {
        const copies = [];
        for (const one of step) {
            const data = await contents(one.file);
            const digest = found.get(one.place);
            if (digest !== one.file.sha256 && digest !== adler32(data)) {
                copies.push({...one, data});
                differ.push(...digest === undefined ? [] : [one.place]);
            }
        }
        steps.push(copies);
    }
    const answer = differ.length ? await askToReplace(differ) : "replace";
    if (answer === "cancel") {
        return null;
    }
    const kept = answer === "keep" ? differ : [];
    const copies = steps.map(step => step.filter(({place}) => !kept.includes(place))).filter(step => step.length);
    checkSpace(about, copies);
    return {copies, kept};
}

function askToReplace(places) {
    const list = element("serial-differ");
    list.replaceChildren();
    for (const place of places) {
        const item = make(list, "li", "");
        make(item, "code", place);
        const inFlash = isInFlash(serial.about, place);
        item.append(inFlash ? ", which executes its code in flash; the new one would take it into RAM" : "");
    }
    say("");
    showStep("differ");
    return new Promise(resolve => {
        for (const answer of ["replace", "keep", "back"]) {
            element(`serial-${answer}`).onclick = () => resolve(answer === "back" ? "cancel" : answer);
        }
    });
}

async function copy(steps) {
    const {about, board} = serial;
    const bar = element("serial-progress");
    bar.max = steps.flat().reduce((sum, {data}) => sum + data.length, 0) || 1;
    bar.value = 0;
    showStep("copying");
    const left = about.leftovers.map(([name]) => name).filter(name => name.endsWith(".new"));
    if (left.length) {
        await board.remove(left);
    }
    const folders = steps.flat().map(({place}) => place.slice(0, place.lastIndexOf("/")));
    for (const folder of new Set([about.lib, ...folders])) {
        await board.makeFolder(folder);
    }
    for (const step of steps) {
        const [{place}] = step;
        say(step.length > 1 ? `Copying ${step.length} files to ${place.slice(0, place.lastIndexOf("/"))} …`
            : `Copying ${place} …`);
        const files = step.map(one => [one.place, one.data, one.file.sha256]);
        await board.put(files, count => { bar.value += count; });
    }
}

// Remove what the module that was replaced has executed in flash.
async function removeBlocks(kept) {
    const {about} = serial;
    const placed = wanted(ticked(), flavour(), serial).flat().map(({place}) => place);
    const blocks = about.leftovers.map(([name]) => name).filter(name => {
        const place = name.replace(/blk$/, "mpy");
        return name.endsWith(".blk") && placed.includes(place) && !kept.includes(place);
    });
    if (blocks.length) {
        await serial.board.remove(blocks);
    }
}

// Import what was installed, from the beginning, and show the RAM that it takes.
async function tryThem(kept) {
    const {about, arch, board} = serial;
    const files = wanted(ticked(), flavour(), serial).flat();
    const sides = sideOf(ticked());
    const [plain, others] = sides.length ? release.sides[sides[0]].parts : [[], []];
    const parts = [...plain, ...arch === "none" ? [] : others].map(part => `coprocessor.${part}`);
    // The full flavour beside a small one comes last, as it changes what that says of itself.
    const full = withSmall.map(name => `${name}_full`);
    const single = files.filter(({module, file}) => file.file.endsWith(".mpy") && !module.includes("/"))
        .sort((a, b) => full.includes(a.module) - full.includes(b.module));
    const places = new Map(single.map(({module, place}) => [module, place]));
    parts.forEach(part => places.set(part, `${about.lib}/${part.replace(".", "/")}.mpy`));
    say("Importing …");
    await board.reset();
    const list = [...places.keys()].map(name => `${literal(name)},`).join(" ");
    const found = await board.evaluate(`modules = (${list})\n${release.import}`);
    const table = element("serial-installed");
    table.replaceChildren();
    let failed = "";
    for (const [name, place] of places) {
        const result = found[name];
        if (!result) {
            break; // It came after the one that has failed.
        }
        const line = make(table, "tr", "");
        make(line, "th", name).scope = "row";
        if (result.error) {
            make(line, "td", result.error.filter(Boolean).join(": ")).colSpan = 2;
            failed = explainImport(name, result.error, result, serial, flavour());
            continue;
        }
        make(line, "td", result.file || place);
        const file = single.find(({module}) => module === name)?.file;
        // On some boards, native code is not in the heap.
        const code = file?.native && result.growth < file.native >> 1 ? file.native : 0;
        make(line, "td", result.growth + code, "number");
        // Only the full flavour says where it is.
        const isSmall = !result.file && result.version.endsWith("+small");
        if (result.file !== place && !isSmall && !kept.includes(place)) {
            failed = `The board imports a ${name} that is ${result.file || "built in"}, not ${place}.`;
        }
    }
    await disconnect();
    showProgram(failed ? [] : sides);
    showStep("done");
    say(failed || done(kept), Boolean(failed));
}

function done(kept) {
    const what = kept.length ? `Installed, but for what you have kept: ${kept.join(", ")}.`
        : serial.isCopied ? "Installed." : "All of it was on the board already.";
    return `${what} Reset the board to start its program.`;
}

// How a program of this side begins.
function showProgram(sides) {
    element("serial-program").replaceChildren();
    for (const side of sides) {
        make(element("serial-program"), "p", `The ${side}'s program begins with this; main.py and boot.py are as they were:`);
        addCommand(element("serial-program"), release.sides[side].program.trim());
    }
}

// What is on a board that has gone.
function whereItEnded() {
    const files = {
        "": "Nothing was copied.",
        copying: "No file is half copied: each is the former one or the new one.",
        importing: "All files are on the board.",
    };
    return `${files[serial.stage]} Connect it and try again.`;
}

// Do a step, one at a time. Whatever fails is said, and the board is let go, unless the user can
// choose otherwise.
async function attempt(step) {
    if (serial.isBusy) {
        return; // A second click.
    }
    serial.isBusy = true;
    try {
        await step();
    } catch (error) {
        const text = !(error instanceof BoardError) ? `${error.name}: ${error.message}`
            : error instanceof Gone ? `${error.message} ${whereItEnded()}` : error.message;
        if (error instanceof Refusal && serial.board) {
            showStep("choosing");
            say(text, true);
        } else {
            await leave(text);
        }
    } finally {
        serial.isBusy = false;
    }
}

// Say why, and let the board go; only then can it be connected again.
async function leave(warning) {
    showStep("leaving");
    say(warning, Boolean(warning));
    await disconnect();
    showStep("idle");
}

async function disconnect() {
    const board = serial.board;
    serial.board = null;
    if (board) {
        await board.close();
    }
}

async function connect() {
    if (isFile && !serial.picked) {
        throw new BoardError("This page was opened from a folder, which it cannot read by itself. Pick the folder first.");
    }
    const port = await navigator.serial.requestPort().catch(() => null);
    if (!port) {
        say("No port was chosen.");
        return;
    }
    showStep("asking");
    say("Asking the board …");
    serial.stage = "";
    const board = new SerialBoard(port);
    await board.open();
    serial.board = board;
    await board.enter();
    Object.assign(serial, await ask(board));
    // A longer piece takes less time and more memory.
    board.piece = serial.about.ram < release.littleRam ? 256 : 1024;
    showBoard();
    showStep("choosing");
    say(`This is ${serial.about.machine}, MicroPython v${serial.about.version.join(".")}. Choose what to install.`);
}

async function install() {
    say("Fetching the files …");
    showStep("fetching");
    const chosen = await choose();
    if (!chosen) {
        showStep("choosing");
        return;
    }
    serial.isCopied = chosen.copies.length > 0;
    serial.stage = "copying";
    await copy(chosen.copies);
    await removeBlocks(chosen.kept);
    serial.stage = "importing";
    await tryThem(chosen.kept);
}

// Words beside a name that does not say enough.
const ABOUT = {
    msgpack: "msgpack, for MessagePack",
    finaliserproxy: "finaliserproxy, for __del__ of classes",
    ioctl: "ioctl, for any stream",
    "coprocessor-client": "coprocessor-client, for a board without a network",
    "coprocessor-server": "coprocessor-server, for the board that has it",
    msgpack_aio: "msgpack_aio, for asyncio",
};

function addChoice(parent, name) {
    const label = make(element(parent), "label", "");
    const input = make(label, "input", "");
    input.type = "checkbox";
    input.name = "serial-module";
    input.value = name;
    input.checked = name === "msgpack";
    label.append(` ${ABOUT[name] || name}`);
    input.addEventListener("change", () => { tickOneSide(input); showFlavours(); });
}

function start() {
    element("serial").hidden = false;
    element("serial-pick").hidden = !isFile;
    element("serial-code").textContent = release.esp8266;
    const sides = Object.values(release.sides).map(side => side.package);
    for (const name of [...names, ...Object.keys(release.library)]) {
        addChoice(sides.includes(name) ? "serial-sides" : "serial-modules", name);
    }
    element("serial-folder").addEventListener("change", event => { serial.picked = event.target.files; });
    element("serial-connect").addEventListener("click", () => attempt(connect));
    element("serial-again").addEventListener("click", () => { say(""); showStep("idle"); });
    element("serial-install").addEventListener("click", () => attempt(install));
    element("serial-cancel").addEventListener("click", () => attempt(() => leave("")));
}

if ("serial" in navigator) {
    start();
} else {
    element("no-serial").textContent = isSecureContext
        ? "With Chrome, Edge or another browser that has Web Serial, this page installs by itself on a board at the computer."
        : "From an https address, this page installs by itself on a board at the computer, in Chrome and Edge.";
    element("no-serial").hidden = false;
}
