// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
    PAIRS = 1 << 14, // Capacity for the pairs of all maps that are open at a time.
};

const char *result_name(result_t result) {
    static const char *const names[] = {
        "ok", "incomplete", "ExtraData", "FormatError", "StackError", "UnicodeError", "ValueError", "TypeError",
        "RuntimeError", "OverflowError", "MemoryError", "EOFError", "OutOfData", "BufferFull", "EAGAIN", "ETIMEDOUT",
        "EIO", "OSError", "exception of a hook", "exception of a stream", "KeyboardInterrupt", "another exception",
    };
    return names[result];
}

/******************************************************************************/
// Values

static uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t x = (a ^ b >> 32 ^ b << 32) * UINT64_C(0x9e3779b97f4a7c15) + b;
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 32;
}

enum { T_NIL = 1, T_BOOL, T_NUMBER, T_FLOAT, T_STR, T_BYTES, T_EXT, T_TIMESTAMP, T_LIST, T_TUPLE, T_DICT, T_PAIR };

static value_t value_of(uint64_t kind, uint64_t what, uint8_t flags) {
    uint64_t is = mix(kind, what);
    return (value_t) { is, is, flags, kind == T_TUPLE || kind == T_EXT };
}

value_t value_nil(void) {
    return value_of(T_NIL, 0, 0);
}

value_t value_int(bool negative, uint64_t hi, uint64_t lo) {
    negative = negative && (hi != 0 || lo != 0);
    return value_of(T_NUMBER, mix(mix(lo, hi), negative), hi != 0 || lo >> 30 != 0 ? V_LARGE_INT : 0);
}

value_t value_small(int64_t n) {
    return value_int(n < 0, 0, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

value_t value_bool(bool b) {
    value_t v = value_small(b);
    v.is = mix(T_BOOL, b);
    return v;
}

value_t value_float(double d) {
    static uint64_t nans;
    uint64_t bits = 0;
    if (!isnan(d)) {
        memcpy(&bits, &d, sizeof(bits));
    }
    value_t v = value_of(T_FLOAT, isnan(d) ? 1 : bits, 0);
    if (isnan(d)) {
        // A NaN is never equal to another key.
        v.equals = mix(v.is, ++nans);
    } else if (fabs(d) < 1 << 30 && d == (int64_t)d) {
        v.equals = value_small((int64_t)d).equals;
    } else if (fabs(d) >= 1 << 30) {
        v.flags = V_LARGE_FLOAT;
    }
    return v;
}

static uint64_t bytes_hash(const uint8_t *data, size_t len) {
    uint64_t hash = len;
    for (; len >= 8; data += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        hash = mix(hash, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, data, len);
    return mix(hash, rest);
}

value_t value_str(const uint8_t *data, size_t len) {
    return value_of(T_STR, bytes_hash(data, len), V_STR_OR_BYTES);
}

value_t value_bytes(const uint8_t *data, size_t len) {
    return value_of(T_BYTES, bytes_hash(data, len), V_STR_OR_BYTES);
}

value_t value_ext(value_t code, value_t data) {
    return value_of(T_EXT, mix(code.is, data.is), 0);
}

value_t value_timestamp(value_t seconds, uint32_t nanoseconds) {
    return value_of(T_TIMESTAMP, mix(seconds.is, nanoseconds), 0);
}

value_t value_seq_start(seq_t kind, size_t len) {
    return value_of(kind == SEQ_LIST ? T_LIST : T_TUPLE, len, kind == SEQ_LIST ? V_UNHASHABLE : 0);
}

void value_seq_add(value_t *seq, value_t item) {
    seq->is = mix(seq->is, item.is);
    seq->equals = mix(seq->equals, item.equals);
    seq->flags |= item.flags & ~V_STR_OR_BYTES;
    if (seq->nesting > 0 && item.nesting >= seq->nesting && item.nesting < UINT8_MAX) {
        seq->nesting = item.nesting + 1;
    }
}

uint64_t value_pair(value_t key, value_t value) {
    return mix(mix(T_PAIR, key.is), value.is);
}

value_t value_dict(size_t len, uint64_t sum) {
    return value_of(T_DICT, mix(len, sum), V_UNHASHABLE);
}

/******************************************************************************/
// Hooks

hook_t script_next(script_t *script) {
    uint32_t n = script->calls++;
    unsigned int op = script->ops[n / 2 % SCRIPT] >> 4 * (n & 1) & 15;
    return op >= HOOK_END ? HOOK_SAME : (hook_t)op;
}

// What the hook returns in place of a value; false if it raises.
static bool hooked(model_t *m, value_t *v) {
    switch (script_next(&m->script)) {
        case HOOK_INT:
            *v = value_small(m->script.calls);
            return true;
        case HOOK_TUPLE:
            *v = value_seq_start(SEQ_TUPLE, 0);
            return true;
        case HOOK_LIST:
            *v = value_seq_start(SEQ_LIST, 0);
            return true;
        case HOOK_RAISE:
            m->result = R_HOOK;
            return false;
        case HOOK_RESIZE:
        case HOOK_WRITE:
        case HOOK_KEY:
        case HOOK_MUTATE:
            m->unsure = true;
            m->result = R_HOOK;
            return false;
        default:
            return true;
    }
}

/******************************************************************************/
// Headers

typedef enum { H_NIL, H_BOOL, H_UINT, H_INT, H_F32, H_F64, H_NEVER, H_STR, H_BIN, H_EXT, H_ARRAY, H_MAP } header_kind_t;

typedef struct _header_t {
    header_kind_t kind;
    uint64_t n; // The number, the float's bits, or the length.
    int8_t code;
} header_t;

static uint64_t big_endian(const uint8_t *p, size_t n) {
    uint64_t value = 0;
    while (n-- > 0) {
        value = value * 256 + *p++;
    }
    return value;
}

// The size of the header in bytes, or 0 if it is truncated.
static size_t header_read(const uint8_t *p, size_t len, header_t *header) {
    if (len == 0) {
        return 0;
    }
    uint8_t b = p[0];
    size_t arg = 0; // Size of the argument in bytes.
    bool code = false; // Whether a type code follows the argument.
    header->n = 0;
    if (b <= 0x7f) {
        header->kind = H_UINT;
        header->n = b;
    } else if (b <= 0x8f) {
        header->kind = H_MAP;
        header->n = b - 0x80;
    } else if (b <= 0x9f) {
        header->kind = H_ARRAY;
        header->n = b - 0x90;
    } else if (b <= 0xbf) {
        header->kind = H_STR;
        header->n = b - 0xa0;
    } else if (b >= 0xe0) {
        header->kind = H_INT;
        header->n = (uint64_t)((int64_t)b - 256);
    } else {
        switch (b) {
            case 0xc0:
                header->kind = H_NIL;
                break;
            case 0xc1:
                header->kind = H_NEVER;
                break;
            case 0xc2:
            case 0xc3:
                header->kind = H_BOOL;
                header->n = b - 0xc2;
                break;
            case 0xc4:
            case 0xc5:
            case 0xc6:
                header->kind = H_BIN;
                arg = 1 << (b - 0xc4);
                break;
            case 0xc7:
            case 0xc8:
            case 0xc9:
                header->kind = H_EXT;
                arg = 1 << (b - 0xc7);
                code = true;
                break;
            case 0xca:
                header->kind = H_F32;
                arg = 4;
                break;
            case 0xcb:
                header->kind = H_F64;
                arg = 8;
                break;
            case 0xcc:
            case 0xcd:
            case 0xce:
            case 0xcf:
                header->kind = H_UINT;
                arg = 1 << (b - 0xcc);
                break;
            case 0xd0:
            case 0xd1:
            case 0xd2:
            case 0xd3:
                header->kind = H_INT;
                arg = 1 << (b - 0xd0);
                break;
            case 0xd4:
            case 0xd5:
            case 0xd6:
            case 0xd7:
            case 0xd8:
                header->kind = H_EXT;
                header->n = 1 << (b - 0xd4);
                code = true;
                break;
            case 0xd9:
            case 0xda:
            case 0xdb:
                header->kind = H_STR;
                arg = 1 << (b - 0xd9);
                break;
            case 0xdc:
            case 0xdd:
                header->kind = H_ARRAY;
                arg = 2 << (b - 0xdc);
                break;
            default:
                header->kind = H_MAP;
                arg = 2 << (b - 0xde);
                break;
        }
    }
    size_t size = 1 + arg + code;
    if (size > len) {
        return 0;
    }
    if (arg > 0) {
        header->n = big_endian(p + 1, arg);
        if (header->kind == H_INT && arg < 8 && header->n >> (8 * arg - 1)) {
            header->n -= UINT64_C(1) << 8 * arg;
        }
    }
    if (code) {
        header->code = (int8_t)p[size - 1];
    }
    return size;
}

result_t model_skip(const uint8_t *data, size_t len, size_t *pos) {
    size_t at = *pos;
    for (uint64_t owed = 1; owed > 0; owed--) {
        header_t header;
        size_t size = header_read(data + at, len - at, &header);
        if (size == 0) {
            return R_MORE;
        }
        at += size;
        if (header.kind == H_NEVER) {
            return R_FORMAT;
        } else if (header.kind == H_ARRAY) {
            owed += header.n;
        } else if (header.kind == H_MAP) {
            owed += 2 * header.n;
        } else if (header.kind == H_STR || header.kind == H_BIN || header.kind == H_EXT) {
            if (header.n > len - at) {
                return R_MORE;
            }
            at += header.n;
        }
    }
    *pos = at;
    return R_OK;
}

result_t model_header(const uint8_t *data, size_t len, size_t *pos, bool map, uint32_t *n) {
    header_t header;
    size_t size = header_read(data + *pos, len - *pos, &header);
    if (size == 0) {
        return R_MORE;
    }
    if (header.kind != (map ? H_MAP : H_ARRAY)) {
        return R_VALUE;
    }
    *n = header.n;
    *pos += size;
    return R_OK;
}

/******************************************************************************/
// Objects

bool model_utf8(const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len;) {
        uint8_t b = data[i++];
        if (b < 0x80) {
            continue;
        }
        size_t more = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (b < 0xc0 || b >= 0xf8 || len - i < more) {
            return false;
        }
        uint32_t c = b & (0x3f >> more);
        for (size_t n = more; n > 0; n--) {
            if (data[i] >> 6 != 2) {
                return false;
            }
            c = c << 6 | (data[i++] & 0x3f);
        }
        if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
            return false;
        }
    }
    return true;
}

static bool fail(model_t *m, result_t result, bool lost) {
    m->result = result;
    m->lost = lost;
    return false;
}

static bool read_timestamp(model_t *m, const uint8_t *p, size_t len, value_t *v) {
    bool negative = false;
    uint64_t seconds;
    uint32_t nanoseconds = 0;
    if (len == 4) {
        seconds = big_endian(p, 4);
    } else if (len == 8) {
        uint64_t word = big_endian(p, 8);
        nanoseconds = word >> 34;
        seconds = word & ((UINT64_C(1) << 34) - 1);
    } else {
        nanoseconds = big_endian(p, 4);
        seconds = big_endian(p + 4, 8);
        negative = seconds >> 63;
        if (negative) {
            seconds = -seconds;
        }
    }
    if (nanoseconds > 999999999) {
        return fail(m, R_VALUE, false);
    }
    if (m->options->timestamp == 0) {
        *v = value_timestamp(value_int(negative, 0, seconds), nanoseconds);
    } else if (m->options->timestamp == 1) {
        if (seconds >> 53) {
            // The interpreter may round in either direction.
            m->unsure = true;
        }
        volatile double fraction = (double)nanoseconds / 1e9;
        volatile double whole = (double)seconds;
        whole = negative ? -whole : whole;
        volatile double sum = whole + fraction;
        *v = value_float(sum);
    } else {
        // The product of 64 and 30 bits.
        uint64_t low = (seconds & UINT32_MAX) * 1000000000;
        uint64_t high = (seconds >> 32) * 1000000000;
        uint64_t hi = high >> 32;
        uint64_t lo = low + (high << 32);
        hi += lo < low;
        if (!negative) {
            lo += nanoseconds;
            hi += lo < nanoseconds;
        } else {
            hi -= lo < nanoseconds;
            lo -= nanoseconds;
            if (hi >> 63) {
                // This cannot happen: seconds are at least 1, which is more than the nanoseconds.
                abort();
            }
        }
        *v = value_int(negative, hi, lo);
    }
    return true;
}

typedef struct _pair_t {
    value_t key;
    value_t value;
} pair_t;

static pair_t pairs[PAIRS];
static size_t pairs_used;

// Add a pair as a dict does: of equal keys the first one stays, with the last value. Return the number
// of new keys.
static size_t add_pair(model_t *m, size_t start, value_t key, value_t value) {
    for (size_t i = start; i < pairs_used; i++) {
        uint8_t flags = key.flags | pairs[i].key.flags;
        if (flags & V_LARGE_FLOAT && flags & V_LARGE_INT) {
            m->unsure = true;
        }
        if (pairs[i].key.equals == key.equals) {
            pairs[i].value = value;
            return 0;
        }
    }
    if (pairs_used == PAIRS) {
        abort();
    }
    pairs[pairs_used++] = (pair_t) { key, value };
    return 1;
}

// Read one object. The open containers are owed this many objects after it.
static bool read_object(model_t *m, uint64_t others, value_t *v) {
    header_t header;
    size_t size = header_read(m->data + m->pos, m->len - m->pos, &header);
    if (size == 0) {
        return fail(m, R_MORE, false);
    }
    if (header.kind == H_NEVER) {
        return fail(m, R_FORMAT, true);
    }
    if (header.kind >= H_STR && header.n > m->options->max_len[header.kind - H_STR]) {
        return fail(m, R_VALUE, true);
    }
    m->pos += size;
    const uint8_t *payload = m->data + m->pos;
    size_t left = m->len - m->pos;
    if (header.kind == H_STR || header.kind == H_BIN || header.kind == H_EXT) {
        bool timestamp = header.kind == H_EXT && header.code == -1;
        if (timestamp && m->source == FROM_STREAM && header.n > 12) {
            return fail(m, R_VALUE, false);
        }
        if (header.n > left) {
            return fail(m, R_MORE, false);
        }
        m->pos += header.n;
        if (header.kind == H_STR && !m->options->raw) {
            if (!model_utf8(payload, header.n)) {
                return fail(m, R_UNICODE, false);
            }
            *v = value_str(payload, header.n);
        } else if (header.kind != H_EXT) {
            *v = value_bytes(payload, header.n);
        } else if (timestamp) {
            if (header.n != 4 && header.n != 8 && header.n != 12) {
                return fail(m, R_VALUE, false);
            }
            return read_timestamp(m, payload, header.n, v);
        } else if (m->options->ext_hook) {
            *v = value_bytes(payload, header.n);
            return hooked(m, v);
        } else {
            *v = value_ext(value_small(header.code), value_bytes(payload, header.n));
        }
        return true;
    }
    if (header.kind < H_ARRAY) {
        if (header.kind == H_NIL) {
            *v = value_nil();
        } else if (header.kind == H_BOOL) {
            *v = value_bool(header.n);
        } else if (header.kind == H_UINT) {
            *v = value_int(false, 0, header.n);
        } else if (header.kind == H_INT) {
            *v = value_small((int64_t)header.n);
        } else if (header.kind == H_F32) {
            uint32_t bits = header.n;
            float f;
            memcpy(&f, &bits, sizeof(f));
            *v = value_float(f);
        } else {
            double d;
            memcpy(&d, &header.n, sizeof(d));
            *v = value_float(d);
        }
        return true;
    }
    bool map = header.kind == H_MAP;
    uint64_t inside = map ? 2 * header.n : header.n;
    if (m->source == FROM_BUFFER && others + inside > left) {
        // Each object takes at least one byte.
        return fail(m, R_MORE, false);
    }
    if (m->depth == m->options->max_depth) {
        return fail(m, R_STACK, true);
    }
    m->depth++;
    if (!map) {
        *v = value_seq_start(m->options->tuples ? SEQ_TUPLE : SEQ_LIST, header.n);
        for (uint64_t n = header.n; n > 0; n--) {
            value_t item;
            if (!read_object(m, others + n - 1, &item)) {
                return false;
            }
            value_seq_add(v, item);
        }
    } else {
        bool ordered = m->options->pairs_hook;
        size_t start = pairs_used;
        size_t len = 0;
        value_t list = value_seq_start(SEQ_LIST, header.n);
        for (uint64_t n = header.n; n > 0; n--) {
            value_t key;
            value_t value;
            if (!read_object(m, others + 2 * n - 1, &key)) {
                return false;
            }
            if ((m->options->strict_map_key && !(key.flags & V_STR_OR_BYTES)) || key.nesting > KEY_NESTING) {
                return fail(m, R_VALUE, false);
            }
            if (!read_object(m, others + 2 * n - 2, &value)) {
                return false;
            }
            if (ordered) {
                value_t pair = value_seq_start(SEQ_TUPLE, 2);
                value_seq_add(&pair, key);
                value_seq_add(&pair, value);
                value_seq_add(&list, pair);
            } else if (key.flags & V_UNHASHABLE) {
                return fail(m, R_TYPE, false);
            } else {
                len += add_pair(m, start, key, value);
            }
        }
        uint64_t sum = 0;
        while (pairs_used > start) {
            pairs_used--;
            sum += value_pair(pairs[pairs_used].key, pairs[pairs_used].value);
        }
        *v = ordered ? list : value_dict(len, sum);
    }
    m->depth--;
    if (map ? m->options->object_hook || m->options->pairs_hook : m->options->list_hook) {
        return hooked(m, v);
    }
    return true;
}

result_t model_read(model_t *m) {
    m->unsure = m->lost = false;
    m->depth = 0;
    pairs_used = 0;
    if (read_object(m, 0, &m->value)) {
        m->result = R_OK;
    }
    return m->result;
}
