// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
    PAIRS = 1 << 14, // In all maps that are open at a time.
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
    return (value_t) { is, is, flags, kind == T_TUPLE };
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
        // Never equal to another key.
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
// Heads

typedef enum { H_NIL, H_BOOL, H_UINT, H_INT, H_F32, H_F64, H_NEVER, H_STR, H_BIN, H_EXT, H_ARRAY, H_MAP } head_kind_t;

typedef struct _head_t {
    head_kind_t kind;
    uint64_t n; // The number, the float's bits, or the length.
    int8_t code;
} head_t;

static uint64_t big_endian(const uint8_t *p, size_t n) {
    uint64_t value = 0;
    while (n-- > 0) {
        value = value * 256 + *p++;
    }
    return value;
}

// How many bytes the head has, or 0 if not all are there.
static size_t head_read(const uint8_t *p, size_t len, head_t *head) {
    if (len == 0) {
        return 0;
    }
    uint8_t b = p[0];
    size_t arg = 0; // Bytes of it,
    bool code = false; // and whether a type code is behind it.
    head->n = 0;
    if (b <= 0x7f) {
        head->kind = H_UINT;
        head->n = b;
    } else if (b <= 0x8f) {
        head->kind = H_MAP;
        head->n = b - 0x80;
    } else if (b <= 0x9f) {
        head->kind = H_ARRAY;
        head->n = b - 0x90;
    } else if (b <= 0xbf) {
        head->kind = H_STR;
        head->n = b - 0xa0;
    } else if (b >= 0xe0) {
        head->kind = H_INT;
        head->n = (uint64_t)((int64_t)b - 256);
    } else {
        switch (b) {
            case 0xc0:
                head->kind = H_NIL;
                break;
            case 0xc1:
                head->kind = H_NEVER;
                break;
            case 0xc2:
            case 0xc3:
                head->kind = H_BOOL;
                head->n = b - 0xc2;
                break;
            case 0xc4:
            case 0xc5:
            case 0xc6:
                head->kind = H_BIN;
                arg = 1 << (b - 0xc4);
                break;
            case 0xc7:
            case 0xc8:
            case 0xc9:
                head->kind = H_EXT;
                arg = 1 << (b - 0xc7);
                code = true;
                break;
            case 0xca:
                head->kind = H_F32;
                arg = 4;
                break;
            case 0xcb:
                head->kind = H_F64;
                arg = 8;
                break;
            case 0xcc:
            case 0xcd:
            case 0xce:
            case 0xcf:
                head->kind = H_UINT;
                arg = 1 << (b - 0xcc);
                break;
            case 0xd0:
            case 0xd1:
            case 0xd2:
            case 0xd3:
                head->kind = H_INT;
                arg = 1 << (b - 0xd0);
                break;
            case 0xd4:
            case 0xd5:
            case 0xd6:
            case 0xd7:
            case 0xd8:
                head->kind = H_EXT;
                head->n = 1 << (b - 0xd4);
                code = true;
                break;
            case 0xd9:
            case 0xda:
            case 0xdb:
                head->kind = H_STR;
                arg = 1 << (b - 0xd9);
                break;
            case 0xdc:
            case 0xdd:
                head->kind = H_ARRAY;
                arg = 2 << (b - 0xdc);
                break;
            default:
                head->kind = H_MAP;
                arg = 2 << (b - 0xde);
                break;
        }
    }
    size_t size = 1 + arg + code;
    if (size > len) {
        return 0;
    }
    if (arg > 0) {
        head->n = big_endian(p + 1, arg);
        if (head->kind == H_INT && arg < 8 && head->n >> (8 * arg - 1)) {
            head->n -= UINT64_C(1) << 8 * arg;
        }
    }
    if (code) {
        head->code = (int8_t)p[size - 1];
    }
    return size;
}

result_t model_skip(const uint8_t *data, size_t len, size_t *pos) {
    size_t at = *pos;
    for (uint64_t owed = 1; owed > 0; owed--) {
        head_t head;
        size_t size = head_read(data + at, len - at, &head);
        if (size == 0) {
            return R_MORE;
        }
        at += size;
        if (head.kind == H_NEVER) {
            return R_FORMAT;
        } else if (head.kind == H_ARRAY) {
            owed += head.n;
        } else if (head.kind == H_MAP) {
            owed += 2 * head.n;
        } else if (head.kind == H_STR || head.kind == H_BIN || head.kind == H_EXT) {
            if (head.n > len - at) {
                return R_MORE;
            }
            at += head.n;
        }
    }
    *pos = at;
    return R_OK;
}

result_t model_header(const uint8_t *data, size_t len, size_t *pos, bool map, uint32_t *n) {
    head_t head;
    size_t size = head_read(data + *pos, len - *pos, &head);
    if (size == 0) {
        return R_MORE;
    }
    if (head.kind != (map ? H_MAP : H_ARRAY)) {
        return R_VALUE;
    }
    *n = head.n;
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
            // How the interpreter rounds is its own affair.
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
                // Less than a second before 1970 there is none: seconds are at least 1.
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

// As a dict does it: the first of equal keys stays, with the last value.
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

// One object; so many others are still owed to all that are open.
static bool read_object(model_t *m, uint64_t others, value_t *v) {
    head_t head;
    size_t size = head_read(m->data + m->pos, m->len - m->pos, &head);
    if (size == 0) {
        return fail(m, R_MORE, false);
    }
    if (head.kind == H_NEVER) {
        return fail(m, R_FORMAT, true);
    }
    if (head.kind >= H_STR && head.n > m->options->max_len[head.kind - H_STR]) {
        return fail(m, R_VALUE, true);
    }
    m->pos += size;
    const uint8_t *body = m->data + m->pos;
    size_t left = m->len - m->pos;
    if (head.kind == H_STR || head.kind == H_BIN || head.kind == H_EXT) {
        bool timestamp = head.kind == H_EXT && head.code == -1;
        if (timestamp && m->source == FROM_STREAM && head.n > 12) {
            return fail(m, R_VALUE, false);
        }
        if (head.n > left) {
            return fail(m, R_MORE, false);
        }
        m->pos += head.n;
        if (head.kind == H_STR && !m->options->raw) {
            if (!model_utf8(body, head.n)) {
                return fail(m, R_UNICODE, false);
            }
            *v = value_str(body, head.n);
        } else if (head.kind != H_EXT) {
            *v = value_bytes(body, head.n);
        } else if (timestamp) {
            if (head.n != 4 && head.n != 8 && head.n != 12) {
                return fail(m, R_VALUE, false);
            }
            return read_timestamp(m, body, head.n, v);
        } else if (m->options->ext_hook) {
            *v = value_bytes(body, head.n);
            return hooked(m, v);
        } else {
            *v = value_ext(value_small(head.code), value_bytes(body, head.n));
        }
        return true;
    }
    if (head.kind < H_ARRAY) {
        if (head.kind == H_NIL) {
            *v = value_nil();
        } else if (head.kind == H_BOOL) {
            *v = value_bool(head.n);
        } else if (head.kind == H_UINT) {
            *v = value_int(false, 0, head.n);
        } else if (head.kind == H_INT) {
            *v = value_small((int64_t)head.n);
        } else if (head.kind == H_F32) {
            uint32_t bits = head.n;
            float f;
            memcpy(&f, &bits, sizeof(f));
            *v = value_float(f);
        } else {
            double d;
            memcpy(&d, &head.n, sizeof(d));
            *v = value_float(d);
        }
        return true;
    }
    bool map = head.kind == H_MAP;
    uint64_t inside = map ? 2 * head.n : head.n;
    if (m->source == FROM_BUFFER && others + inside > left) {
        // Each takes one byte at the least.
        return fail(m, R_MORE, false);
    }
    if (m->depth == m->options->max_depth) {
        return fail(m, R_STACK, true);
    }
    m->depth++;
    if (!map) {
        *v = value_seq_start(m->options->tuples ? SEQ_TUPLE : SEQ_LIST, head.n);
        for (uint64_t n = head.n; n > 0; n--) {
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
        value_t list = value_seq_start(SEQ_LIST, head.n);
        for (uint64_t n = head.n; n > 0; n--) {
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
