// SPDX-License-Identifier: MIT
// Decodes and encodes again what comes as hexadecimal lines on standard input.
import { createInterface } from "node:readline";
import {
    decode,
    decodeTimestampToTimeSpec,
    encode,
    encodeTimeSpecToTimestamp,
    ExtensionCodec,
} from "@msgpack/msgpack";

// JavaScript's Date has milliseconds only; this keeps the nanoseconds.
class Stamp {
    constructor(spec) {
        this.spec = spec;
    }
}

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
    type: -1,
    encode: (value) => (value instanceof Stamp ? encodeTimeSpecToTimestamp(value.spec) : null),
    decode: (data) => new Stamp(decodeTimestampToTimeSpec(data)),
});

const options = { extensionCodec, useBigInt64: true };
const requests = {
    again: (data) => encode(decode(data, options), options),
    single: (data) => encode(decode(data, options), { ...options, forceFloat32: true }),
};

for await (const line of createInterface({ input: process.stdin })) {
    const [name, text] = line.trim().split(" ");
    let answer;
    try {
        answer = "ok " + Buffer.from(requests[name](Buffer.from(text, "hex"))).toString("hex");
    } catch (error) {
        answer = "error " + String(error).replace(/\n/g, " ");
    }
    process.stdout.write(answer + "\n");
}
