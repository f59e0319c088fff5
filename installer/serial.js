// SPDX-License-Identifier: MIT
// A board at a serial port of the browser: its raw REPL, what it is asked, and files.

class BoardError extends Error {}

// The board is not there any more.
class Gone extends BoardError {
    constructor() {
        super("The connection to the board has ended.");
    }
}

// The board prints this before its answers, see tools/remote.py.
const MARK = "@deploy ";

// Milliseconds to wait: for an answer, for that to an interrupt, and until a board has begun anew.
const AT_ONCE = 15000;
const ATTEMPT = 3000;
const RESET = 30000;

const READY = "raw REPL; CTRL-B to exit\r\n>";

const NO_ANSWER = "The board does not answer: is MicroPython on it? Press its reset button and try again.";
const WRONG = "What was written is not what is on the board. Try again, or with another cable.";

// What errors of a board's mean by their numbers, which not every firmware has names for.
const ERRORS = {
    5: "The board cannot read or write its flash.",
    28: "There is no space on the board for this file. Remove files from it and try again.",
    30: "The board's file system is read-only: a computer has it as a drive, or boot.py has mounted it so. " +
        "Change that and try again.",
};

// Some firmware has no hashlib.
function adler32(data) {
    let a = 1, b = 0;
    for (const byte of data) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    return ((b << 16 | a) >>> 0).toString(16).padStart(8, "0");
}

async function sha256(data) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return [...digest].map(byte => byte.toString(16).padStart(2, "0")).join("");
}

// Python's repr of a str or bytes, all ASCII.
function literal(text) {
    const escaped = [...text].map(c => /[ !#-\[\]-~]/.test(c) ? c
        : c > "\xff" ? `\\U${c.codePointAt(0).toString(16).padStart(8, "0")}`
            : `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
    return `"${escaped.join("")}"`;
}

function bytesLiteral(data) {
    return "b" + literal(String.fromCharCode(...data));
}

// What Python's repr has written: None, bool, numbers, str, tuples, lists and dicts.
function parseRepr(text) {
    let at = 0;
    const WORDS = {None: null, True: true, False: false};
    const ESCAPES = {n: "\n", r: "\r", t: "\t"};

    function skip(pattern) {
        const found = text.slice(at).match(pattern);
        at += found ? found[0].length : 0;
        return found && found[0];
    }

    function string() {
        const quote = text[at++];
        let value = "";
        while (text[at] !== quote) {
            if (at >= text.length) {
                throw new BoardError(NO_ANSWER);
            }
            if (text[at] !== "\\") {
                value += text[at++];
                continue;
            }
            const code = skip(/^\\x../) || skip(/^\\u.{4}/) || skip(/^\\U.{8}/);
            value += code ? String.fromCodePoint(parseInt(code.slice(2), 16))
                : ESCAPES[text[at + 1]] || text[at + 1];
            at += code ? 0 : 2;
        }
        at++;
        return value;
    }

    function items(end) {
        const found = [];
        for (;;) {
            skip(/^[\s,]+/);
            if (skip(end)) {
                return found;
            }
            const item = value();
            found.push(end.source === "^}" ? [skip(/^\s*:\s*/) && item, value()] : item);
        }
    }

    function value() {
        skip(/^\s+/);
        if (text[at] === "'" || text[at] === '"') {
            return string();
        }
        if (skip(/^\(/)) {
            return items(/^\)/);
        }
        if (skip(/^\[/)) {
            return items(/^\]/);
        }
        if (skip(/^{/)) {
            return Object.fromEntries(items(/^}/));
        }
        const word = skip(/^[\w.+-]+/);
        if (!word) {
            throw new BoardError(NO_ANSWER);
        }
        return word in WORDS ? WORDS[word] : Number(word);
    }

    return value();
}

// What the promise comes to, or false after so many milliseconds.
function within(promise, timeout) {
    let timer;
    const late = new Promise(resolve => { timer = setTimeout(resolve, timeout, false); });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

class SerialBoard {
    constructor(port) {
        this.port = port;
        this.received = ""; // Each character is a byte.
        this.piece = 256; // How many bytes of a file a program has.
        this.ended = false;
        this.wake = () => {};
    }

    async open() {
        try {
            await this.port.open({baudRate: 115200, bufferSize: 4096});
        } catch {
            throw new BoardError("The port cannot be opened: is it in use by another program? End that first. " +
                "On Linux you may lack the permission: sudo usermod -aG dialout $USER, and log in again.");
        }
        this.reader = this.port.readable.getReader();
        this.writer = this.port.writable.getWriter();
        this.receive();
    }

    async receive() {
        try {
            for (;;) {
                const {value, done} = await this.reader.read();
                if (done) {
                    break;
                }
                for (const byte of value) {
                    this.received += String.fromCharCode(byte);
                }
                this.wake();
            }
        } catch {
            // The cable was pulled.
        }
        this.ended = true;
        this.wake();
    }

    async close() {
        // The prompt, as people have it; but a board may take nothing.
        const written = this.writer.write(new Uint8Array([13, 2])).then(() => true, () => false);
        try {
            if (!await within(written, ATTEMPT)) {
                await this.writer.abort();
            }
            await this.reader.cancel();
            this.reader.releaseLock();
            this.writer.releaseLock();
            await this.port.close();
        } catch {
            // It is gone.
        }
    }

    async write(data) {
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
        let isTaken;
        try {
            isTaken = await within(this.writer.write(bytes).then(() => true), AT_ONCE);
        } catch {
            throw new Gone();
        }
        if (!isTaken) {
            throw new BoardError(NO_ANSWER);
        }
    }

    // What is received up to the place that find() tells: an index, or -1 as long as there is none.
    async take(find, timeout) {
        const deadline = performance.now() + timeout;
        for (;;) {
            const end = find(this.received);
            if (end >= 0) {
                const taken = this.received.slice(0, end);
                this.received = this.received.slice(end);
                return taken;
            }
            if (this.ended) {
                throw new Gone();
            }
            const left = deadline - performance.now();
            if (left <= 0) {
                return null;
            }
            await new Promise(resolve => {
                const timer = setTimeout(resolve, left);
                this.wake = () => { clearTimeout(timer); resolve(); };
            });
        }
    }

    // What is received up to the end of the first match.
    async find(pattern, timeout) {
        const taken = await this.take(text => {
            const found = text.match(pattern);
            return found ? found.index + found[0].length : -1;
        }, timeout);
        if (taken === null) {
            throw new BoardError(NO_ANSWER);
        }
        return taken;
    }

    // What is received before the mark.
    async until(mark, timeout) {
        const taken = await this.take(text => {
            const at = text.indexOf(mark);
            return at < 0 ? -1 : at + mark.length;
        }, timeout);
        if (taken === null) {
            throw new BoardError(NO_ANSWER);
        }
        return taken.slice(0, -mark.length);
    }

    async bytes(count, timeout) {
        const taken = await this.take(text => text.length >= count ? count : -1, timeout);
        if (taken === null) {
            throw new BoardError(NO_ANSWER);
        }
        return taken;
    }

    // Interrupt a program that runs, and begin anew.
    async enter() {
        for (let attempt = 0; ; attempt++) {
            await this.write("\r\x03\x03");
            await this.take(() => -1, 200);
            this.received = "";
            await this.write("\r\x01");
            try {
                await this.until(READY, ATTEMPT);
                break;
            } catch (error) {
                if (attempt === 2 || this.ended) {
                    throw error;
                }
            }
        }
        await this.reset();
    }

    // Begin anew without main.py.
    async reset() {
        await this.write("\x04");
        await this.until("soft reboot\r\n", RESET);
        // A program in boot.py is interrupted, too.
        try {
            await this.until(READY, ATTEMPT);
        } catch {
            await this.write("\r\x03\x03\r\x01");
            await this.until(READY, RESET);
        }
    }

    // Send a program as fast as the board takes it.
    async paste(bytes) {
        const window = await this.bytes(2, AT_ONCE);
        const size = window.charCodeAt(0) | window.charCodeAt(1) << 8;
        let allowed = size;
        for (let at = 0; at < bytes.length;) {
            if (allowed === 0 || this.received) {
                const byte = await this.bytes(1, AT_ONCE);
                if (byte === "\x04") {
                    // It wants no more, and its output follows.
                    await this.write("\x04");
                    return;
                }
                // Anything else is what firmware prints at any time, as ESP32 do.
                allowed += byte === "\x01" ? size : 0;
                continue;
            }
            const part = bytes.subarray(at, at + allowed);
            await this.write(part);
            at += part.length;
            allowed -= part.length;
        }
        await this.write("\x04");
        await this.until("\x04", AT_ONCE);
    }

    // The same for firmware that does not say when it takes more.
    async type(bytes) {
        for (let at = 0; at < bytes.length; at += 256) {
            await this.write(bytes.subarray(at, at + 256));
            await new Promise(resolve => setTimeout(resolve, 10));
        }
        await this.write("\x04");
        await this.until("OK", AT_ONCE);
    }

    // The output of a program, which must not raise anything.
    async run(source, timeout = 60000) {
        const bytes = new TextEncoder().encode(source);
        this.received = "";
        await this.write("\x05A\x01");
        // Something else may come before, such as a line of an ESP32's log.
        const answer = await this.find(/R[\0\x01]|raw REPL/, AT_ONCE);
        await (answer.endsWith("R\x01") ? this.paste(bytes) : this.type(bytes));
        const output = await this.until("\x04", timeout);
        const error = await this.until("\x04", AT_ONCE);
        await this.until(">", AT_ONCE);
        if (error) {
            const last = error.trim().split("\n").pop().trim();
            const number = last.match(/^OSError: (?:\[Errno )?(\d+)/);
            throw new BoardError(number && ERRORS[number[1]] || `The board says: ${last}`);
        }
        return new TextDecoder().decode(Uint8Array.from(output, c => c.charCodeAt(0)));
    }

    // What a program prints after the mark.
    async evaluate(source) {
        const output = await this.run(source);
        // Other text may precede it, such as a line of an ESP32's log.
        const at = output.indexOf(MARK);
        if (at < 0) {
            throw new BoardError(NO_ANSWER);
        }
        return parseRepr(output.slice(at + MARK.length).split("\n")[0].trim());
    }

    async makeFolder(folder) {
        await this.run(`import os\ntry:\n os.mkdir(${literal(folder)})\nexcept OSError:\n pass\n`);
    }

    async remove(names) {
        await this.run("import os\n" +
            names.map(name => `try:\n os.remove(${literal(name)})\nexcept OSError:\n pass\n`).join(""));
    }

    // Write files, [[place, data, sha256]], under other names, compare what was written, and give
    // them their names: all or none, unless the board goes in between.
    async put(files, progress) {
        try {
            for (const [place, data] of files) {
                await this.run(`f = open(${literal(`${place}.new`)}, "wb")\nw = f.write\n`);
                for (let at = 0; at < data.length; at += this.piece) {
                    const part = data.subarray(at, at + this.piece);
                    await this.run(`w(${bytesLiteral(part)})\n`);
                    progress(part.length);
                }
                await this.run("f.close()\n");
            }
            const list = files.map(([place, data, sum]) =>
                `(${literal(place)}, (${literal(sum)}, ${literal(adler32(data))})), `);
            const wrong = await this.evaluate(release.finish.replace("FILES", () => `(${list.join("")})`));
            if (wrong.length) {
                throw new BoardError(WRONG);
            }
        } catch (error) {
            if (!this.ended) {
                // A part of a file is of no use.
                await this.run("try:\n f.close()\nexcept Exception:\n pass\n").catch(() => {});
                await this.remove(files.map(([place]) => `${place}.new`)).catch(() => {});
            }
            throw error;
        }
    }
}
