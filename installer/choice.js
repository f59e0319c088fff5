// SPDX-License-Identifier: MIT
// What a board gets, by what it says of itself (release.ask and release.look) and what is ticked.

// The user may choose something else, and the board is still there.
class Refusal extends BoardError {}

const UPDATE = "Update the firmware.";

// What the board says about itself, or a BoardError if it cannot use anything of the release.
async function ask(board) {
    const about = await board.evaluate(release.ask);
    const [major, minor] = about.version;
    const found = read(`(name='${about.name}', version=(${major}, ${minor}), _mpy=${about.mpy})`);
    // A client of the co-processor can do without native code.
    const [{firmware}] = release.library[release.sides.client.package].files;
    const isClient = found.isNone && `${about.mpy & 255}` === release.bytecode &&
        compare(about.version, versionOf(firmware)) >= 0;
    if (found.error && !isClient) {
        throw new BoardError(found.error);
    }
    if (!about.lib || !about.block) {
        throw new BoardError("The board has no file system with a lib folder.");
    }
    const has = await board.evaluate(release.look);
    return {about, has, arch: isClient ? "none" : found.arch};
}

// Where a module is or will be: in its folder if that is there.
function placeOf(about, module) {
    const inFolder = `${about.lib}/${module}/__init__.mpy`;
    return about.found.some(([name]) => name === inFolder) ? inFolder : `${about.lib}/${module}.mpy`;
}

// The flavour that is on the board, or else that for its memory.
function flavourFor(about, module) {
    const there = about.found.find(([name]) => name === placeOf(about, module));
    if (there) {
        return there[3] === "full" ? "full" : "small";
    }
    return about.ram < release.littleRam ? "small" : "full";
}

// Whether what is at the place executes code in flash.
function isInFlash(about, place) {
    return about.found.some(([name, , , flavour]) => name === place && flavour === "in_place");
}

// The native modules that the names on the page mean.
function nativeOf(names_, arch) {
    const needed = names_.flatMap(name => release.library[name]?.native || [name]);
    return arch === "none" ? [] : names.filter(name => needed.includes(name));
}

function sideOf(names_) {
    return Object.keys(release.sides).filter(side => names_.includes(release.sides[side].package));
}

// What a name on the page cannot be installed for, or "".
function whyNot(name, arch) {
    const isClient = name === release.sides.client.package;
    return arch === "none" && !isClient ? "This firmware loads no native code" : "";
}

// Fail if the board cannot be this side of the co-processor.
function checkSide(side, {about, has}) {
    if (!has.includes("machine.UART")) {
        throw new Refusal("The firmware has no machine.UART for the line to the other board. " +
            "Take a board and firmware that have one.");
    }
    if (side !== "server") {
        return;
    }
    const lacking = release.network.filter(name => !has.includes(name));
    if (lacking.length) {
        throw new Refusal(`The firmware has no ${lacking.join(" and no ")}. The server is the board with the ` +
            "network, such as an ESP32; this one can be the client.");
    }
    // A client's files must not hide the firmware's modules.
    for (const [name, , digest] of about.found) {
        const [, module] = name.match(/([^/]*)\.m?py$/) || [];
        const ours = release.dropIn[module]?.digests || [];
        if (module && (release.network.includes(module) || ours.includes(digest))) {
            throw new Refusal(`${name} on the board hides the firmware's ${module}, which a server needs. ` +
                "Remove it, and connect the board again.");
        }
    }
}

// The files for what is ticked, in the steps in which they become valid: [[{place, module, file}]].
function wanted(ticked, flavour, {about, has, arch}) {
    const sides = sideOf(ticked);
    if (!ticked.length) {
        throw new Refusal("Choose what to install.");
    }
    if (sides.length > 1) {
        throw new Refusal("A board is the client or the server, not both.");
    }
    sides.forEach(side => checkSide(side, {about, has}));
    const native = nativeOf(ticked, arch);
    const steps = filesFor(arch, native, flavour)
        .sort((a, b) => b.native - a.native)
        .map(file => [{place: placeOf(about, file.module), module: file.module, file}]);
    // The full flavour beside a small one must be of the same version.
    for (const file of filesFor(arch, native, "full").filter(f => withSmall.includes(f.module))) {
        const module = `${file.module}_full`;
        const place = `${about.lib}/${module}.mpy`;
        if (flavour === "small" && about.found.some(([name]) => name === place)) {
            steps.push([{place, module, file}]);
        }
    }
    for (const name of ticked.filter(name => name in release.library)) {
        steps.push(release.library[name].files.map(file => ({
            place: `${about.lib}/${file.file}`, module: file.file.replace(/\.mpy$/, ""), file,
        })));
    }
    if (sides[0] === "client") {
        for (const [module, {file}] of Object.entries(release.dropIn)) {
            if (!has.includes(module)) {
                steps.push([{place: `${about.lib}/${module}.py`, module, file}]);
            }
        }
    }
    const early = steps.flat().map(({file}) => file)
        .filter(file => compare(about.version, versionOf(file.firmware)) < 0);
    if (early.length) {
        const texts = early.map(file => `${file.packages?.[0] || file.module} needs MicroPython ${file.firmware} or later`);
        throw new Refusal(`${[...new Set(texts)].join(", ")}. ${UPDATE}`);
    }
    for (const {place, module} of steps.flat()) {
        checkOwn(place, module, {about, has});
        checkHidden(about, module, place);
    }
    return steps;
}

// Fail if the firmware has a module that an import takes instead of the file.
function checkOwn(place, module, {about, has}) {
    const frozen = about.path.indexOf(".frozen");
    if (place.endsWith(".mpy") && has.includes(module) && frozen < about.path.indexOf(about.lib)) {
        throw new Refusal(`The firmware has a ${module} of its own, which hides ${place}. Nothing can be installed there.`);
    }
}

// Fail if the board would import something else than what is or will be at the place.
function checkHidden(about, module, place) {
    const folder = place.slice(0, place.lastIndexOf("/"));
    const levels = folder === `${about.lib}/${module}` ? [[module, folder], [`${module}/__init__`, place]]
        : module.includes("/") ? [[module.split("/")[0], folder], [module, place]] : [[module, place]];
    const there = new Set(about.found.map(([name]) => name));
    for (const [name, at] of levels) {
        for (const candidate of importOrder(about.path, name)) {
            if (candidate === at) {
                break;
            }
            if (there.has(candidate)) {
                const isFolder = !/\.m?py$/.test(candidate);
                throw new Refusal(`${isFolder ? "The folder " : ""}${candidate} on the board hides ${place}. ` +
                    `${isFolder ? "Rename or remove" : "Remove"} it, and connect the board again.`);
            }
        }
    }
}

// Where an import looks for a module: for a folder, then for files.
function importOrder(path, module) {
    const stems = path.map(folder => (folder && `${folder}/`) + module);
    return stems.flatMap(stem => [stem, `${stem}.py`, `${stem}.mpy`]);
}

// Fail if copies do not fit: [[{place, data}]]. The former files stay until a step is done.
function checkSpace(about, steps) {
    const taken = size => Math.ceil(size / about.block) * about.block;
    const sizes = new Map(about.found.map(([name, size]) => [name, size]));
    // What is left of broken installations goes first.
    const free = about.leftovers.filter(([name]) => name.endsWith(".new"))
        .reduce((sum, [, size]) => sum + taken(size), about.free);
    let needed = 0, freed = 0, peak = 0;
    for (const step of steps) {
        // A file takes one more block for its directory entry; a package's folder is a directory.
        needed += step.reduce((sum, {data}) => sum + taken(data.length), Math.min(step.length, 2) * about.block);
        peak = Math.max(peak, needed - freed);
        freed += step.reduce((sum, {place}) => sum + taken(sizes.get(place) || 0), 0);
    }
    if (peak > free) {
        const former = freed ? ", as the former ones stay until the new ones are complete" : "";
        throw new Refusal(`The files take ${peak} bytes of the board's file system${former}, and ${free} ` +
            "are free. Remove files from it, and connect it again.");
    }
}

// What an import that has failed means.
function explainImport(module, [kind, text], result, {about, arch}, flavour) {
    const said = `${module} is on the board, but its import says ${text ? `${kind}: ${text}` : kind}.`;
    if (kind === "MemoryError" && about.esp8266 !== null && text.includes("native code")) {
        return about.esp8266 < release.esp8266Files
            ? `${said} This ESP8266 firmware keeps one sector of flash for native code, too little for the ` +
                "modules; docs/esp8266.md tells how to find more."
            : `${said} Put this line into the board's boot.py, and install again: ${release.esp8266}`;
    }
    if (kind === "MemoryError") {
        const file = filesFor(arch, [module], flavour)[0];
        const code = file ? `It needs ${file.native} bytes in one piece for its code, and ` : "";
        const smaller = withSmall.some(name => name === module || !file) && flavour === "full"
            ? ", or take the small flavour of msgpack" : "";
        return `${said} ${code}${result.free} bytes are free in all. Import it before anything else, ` +
            `or install fewer modules${smaller}.`;
    }
    const [, lacking] = text.match(/no module named '(\w+)'/) || [];
    return names.includes(lacking) && lacking !== module ? `${said} Install ${lacking}, too.`
        : `${said} docs/troubleshooting.md tells what it means.`;
}
