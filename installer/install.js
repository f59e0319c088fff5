// SPDX-License-Identifier: MIT
// The part of the page that installs by Web Serial: serial.js talks to the board.

const LITTLE_RAM = 64 * 1024; // A board with less that is free gets the small flavour.
const LIBRARY = Object.entries(release.python); // [[name of a package, its files]]

const serial = {board: null, about: null, arch: null, picked: null};

function say(text, isWarning) {
    element("serial-status").textContent = text;
    element("serial-status").className = isWarning ? "warning" : "soft";
}

function showStep(name) {
    for (const step of document.querySelectorAll("#serial [data-step]")) {
        step.hidden = step.dataset.step !== name;
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
        const response = await fetch(new URL(file.file, base)).catch(() => null);
        if (!response || !response.ok) {
            throw new BoardError(`The server does not have ${file.file}.`);
        }
        data = await response.arrayBuffer();
    }
    data = new Uint8Array(data);
    if (await sha256(data) !== file.sha256) {
        throw new BoardError(`${file.file} is not the file of this release: its checksum differs.`);
    }
    return data;
}

// What the board says about itself, or a BoardError if it cannot use the modules.
async function ask(board) {
    const about = await board.evaluate(release.ask);
    const [major, minor] = about.version;
    const found = read(`(name='micropython', version=(${major}, ${minor}), _mpy=${about.mpy})`);
    if (found.error) {
        throw new BoardError(found.error);
    }
    if (!about.lib || !about.block) {
        throw new BoardError("The board has no file system with a lib folder.");
    }
    return {about, arch: found.arch};
}

function rowOf(table, name, value) {
    const line = make(table, "tr", "");
    make(line, "th", name);
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
    const isLittle = about.ram < LITTLE_RAM;
    const there = about.found.find(f => f[0] === `${about.lib}/msgpack.mpy`);
    const flavour = there ? there[3] : isLittle ? "small" : "full";
    element(flavour === "small" ? "serial-small" : "serial-full").checked = true;
    element("serial-line").hidden = arch !== "xtensa" || about.esp8266 === null;
}

// [[place on the board, file]] of what is ticked.
function wanted() {
    const ticked = [...document.querySelectorAll("input[name=serial-module]:checked")].map(i => i.value);
    const flavour = document.querySelector("input[name=serial-flavour]:checked").value;
    const {about, arch} = serial;
    // A side of the co-processor needs some.
    const needed = ticked.flatMap(name => release.coprocessor[name.replace("coprocessor-", "")] || []);
    const native = [...ticked, ...needed].filter(name => names.includes(name));
    const early = filesFor(arch, native, flavour)
        .filter(f => compare(about.version, versionOf(f.firmware)) < 0);
    if (early.length) {
        throw new BoardError(early.map(f => `${f.module} needs MicroPython ${f.firmware} or later`).join(", ") +
            ": update the firmware.");
    }
    const files = filesFor(arch, native, flavour).map(f => [`${about.lib}/${f.module}.mpy`, f]);
    for (const [name, parts] of LIBRARY) {
        if (ticked.includes(name)) {
            files.push(...parts.map(f => [`${about.lib}/${f.file}`, f]));
        }
    }
    return new Map(files);
}

// Fail if the board would import something else than what is or will be at the place.
function checkHidden(place) {
    const {about} = serial;
    const ending = /\.m?py$/;
    const stem = place.slice(about.lib.length + 1).replace(ending, "");
    const stems = about.path.map(folder => (folder && `${folder}/`) + stem);
    // They come in the order in which an import looks for them.
    const first = about.found.find(([name]) => name === place || stems.includes(name.replace(ending, "")));
    if (first && first[0] !== place) {
        throw new BoardError(`${first[0]} on the board hides ${place}. Remove it and try again.`);
    }
}

// What is to be copied: files that are not on the board yet, after a question about those that differ.
async function choose() {
    const {about} = serial;
    const found = new Map(about.found.map(f => [f[0], f[2]]));
    const copies = [], differ = [];
    for (const [place, file] of wanted()) {
        checkHidden(place);
        const data = await contents(file);
        const digest = found.get(place);
        if (digest === file.sha256 || digest === adler32(data)) {
            continue;
        }
        (found.has(place) ? differ : copies).push([place, file, data]);
    }
    if (differ.length && await confirmed(differ.map(([place]) => place))) {
        copies.push(...differ);
    }
    const taken = size => Math.ceil(size / about.block) * about.block;
    const needed = copies.reduce((sum, c) => sum + taken(c[2].length) + about.block, 0);
    if (needed > about.free) {
        throw new BoardError(`The files take ${needed} bytes of the board's file system, and ${about.free} ` +
            "are free. Remove files from it and try again.");
    }
    return copies;
}

function confirmed(places) {
    element("serial-differ").textContent = places.join(", ");
    showStep("differ");
    element("serial-replace").focus();
    return new Promise(resolve => {
        element("serial-replace").onclick = () => resolve(true);
        element("serial-keep").onclick = () => resolve(false);
    });
}

async function copy(copies) {
    const bar = element("serial-progress");
    bar.max = copies.reduce((sum, c) => sum + c[2].length, 0) || 1;
    bar.value = 0;
    showStep("copying");
    const folders = new Set([serial.about.lib]);
    for (const [place] of copies) {
        folders.add(place.slice(0, place.lastIndexOf("/")));
    }
    for (const folder of folders) {
        await serial.board.makeFolder(folder);
    }
    for (const [place, file, data] of copies) {
        say(`Copying ${file.file} to ${place} …`);
        await serial.board.put(place, data, count => { bar.value += count; });
    }
}

// Import what was installed, and show the RAM that it takes.
async function tryThem() {
    const ticked = [...wanted().values()].map(f => f.module);
    const modules = [...new Set(ticked.filter(name => !name.includes(".")))];
    if (ticked.some(name => name.includes("."))) {
        modules.push("coprocessor");
    }
    say("Importing …");
    const program = `modules = (${modules.map(name => literal(name) + ",").join(" ")})\n${release.import}`;
    const found = await serial.board.evaluate(program);
    const table = element("serial-installed");
    table.replaceChildren();
    let failed = "";
    for (const name of modules.filter(module => module in found)) {
        const result = found[name];
        const line = make(table, "tr", "");
        make(line, "td", name);
        if (result.error) {
            make(line, "td", `${result.error[0]}: ${result.error[1]}`);
            failed = `${name} is on the board, but its import fails.`;
        } else {
            make(line, "td", `${serial.about.lib}/${name}${name === "coprocessor" ? "/" : ".mpy"}`);
            make(line, "td", result.growth, "number");
        }
    }
    showStep("done");
    say(failed || "Installed. Reset the board to start its program.", Boolean(failed));
}

// Do a step; whatever fails is said, and the board is let go.
async function attempt(step) {
    try {
        await step();
    } catch (error) {
        say(error instanceof BoardError ? error.message : `${error.name}: ${error.message}`, true);
        showStep("idle");
        await disconnect();
    }
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
    showStep("");
    say("Asking the board …");
    serial.board = new SerialBoard(port);
    await serial.board.open();
    await serial.board.enter();
    Object.assign(serial, await ask(serial.board));
    showBoard();
    say("");
    showStep("choosing");
}

async function install() {
    say("Fetching the files …");
    await copy(await choose());
    await tryThem();
    await disconnect();
}

if ("serial" in navigator) {
    element("serial").hidden = false;
    element("serial-pick").hidden = !isFile;
    for (const name of [...names, ...LIBRARY.map(([name]) => name)]) {
        const label = make(element("serial-modules"), "label", "");
        const input = make(label, "input", "");
        input.type = "checkbox";
        input.name = "serial-module";
        input.value = name;
        input.checked = name === "msgpack";
        label.append(` ${name}`);
    }
    element("serial-folder").addEventListener("change", event => { serial.picked = event.target.files; });
    element("serial-connect").addEventListener("click", () => attempt(connect));
    element("serial-again").addEventListener("click", () => { say(""); showStep("idle"); });
    element("serial-install").addEventListener("click", () => attempt(install));
    element("serial-cancel").addEventListener("click", () => attempt(async () => {
        await disconnect();
        say("");
        showStep("idle");
    }));
}
