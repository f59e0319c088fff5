// SPDX-License-Identifier: MIT
// Bytes from a source -> tags -> objects. One state machine with an explicit stack of open
// containers. When bytes are missing it stops between two objects and continues later.
//
// Invariants:
// - dec->outer_owed and the innermost frame give the number of objects that must still come to complete
//   the outermost one. An object counts until its header is taken. dec->pending is the number of bytes
//   that the payload of the current one still lacks. So the rest can be skipped from any point, without
//   heap.
// - Each object owed has at least one byte. So any stream may be read ahead by as many bytes, and in a
//   buffer a container that owes more objects than there are bytes is refused before anything is
//   allocated for it.
// - A stream that can seek is read farther ahead, if there are no hooks. So only the stream's own code can
//   run before it is set back: after the object, or after an exception to the object's start.

#include <string.h>

#include "decoder.h"
#include "ext.h"
#include "format.h"
#include "number.h"
#include "object.h"
#include "seek.h"
#include "timestamp.h"

enum {
    FRAME_ROOT,
    FRAME_LIST,
    FRAME_TUPLE,
    FRAME_DICT,
    FRAME_PAIRS, // A map for object_pairs_hook: a list of tuples.
};

enum {
    MIN_CAPACITY = 8, // Elements: the least that a new container has capacity for.
    MAX_CAPACITY = INT32_MAX / 16, // The most, so that their size in bytes does not wrap.
    TRUSTED_PAYLOAD = 256, // Bytes that are allocated before they have come.
};

/******************************************************************************/
// Bytes

MP_NORETURN static void raise_lost(decoder_t *dec, const mp_obj_type_t *type, const char *text) {
    dec->lost = true;
    natmod_raise(type, text);
}

// Read at least one byte from the stream, waiting for it if necessary.
static size_t read_some(decoder_t *dec, byte *data, size_t len) {
    uint64_t arrived = dec->gone + (size_t)(dec->end - dec->base);
    bool first = arrived == 0;
    natmod_wait_t wait = { false, MP_OBJ_NULL };
    for (;;) {
        mp_int_t n = natmod_stream_read(dec->stream, data, len);
        if (n > 0) {
            return n;
        }
        if (n == NATMOD_STREAM_EOF) {
            dec->lost = true;
            if (first) {
                natmod_raise_instance(dec->st->eof_error);
            }
            natmod_raise_fmt(dec->st->OutOfData, "end of stream after %u bytes of an object",
                (unsigned int)arrived);
        }
        dec->lost = true; // Ctrl-C may end the wait.
        if (!natmod_stream_wait(dec->stream->env, &wait, first ? dec->wait : dec->timeout)) {
            natmod_raise_instance(first ? dec->stream->env->eagain : dec->stream->env->etimedout);
        }
        dec->lost = false;
    }
}

NATMOD_INLINE decoder_frame_t *innermost(decoder_t *dec) {
    return dec->depth == 0 ? &dec->root : &dec->frames[dec->depth - 1];
}

// Objects owed to a container.
NATMOD_INLINE uint64_t frame_owed(const decoder_frame_t *frame) {
    uint64_t entries_left = frame->entries_left;
    return frame->kind >= FRAME_DICT ? 2 * entries_left + frame->value_due : entries_left;
}

// Objects owed to all open containers.
static uint64_t owed(decoder_t *dec) {
    return dec->outer_owed + frame_owed(innermost(dec));
}

// Whether the stream may be read beyond the object.
static inline bool may_pass(decoder_t *dec) {
    #if NATMOD_WIDE_OFFSETS
    // Where positions have 64 bits, devices are files. Some of them accept any seek, but have no position.
    // So the first byte, which is sure, is read alone.
    size_t arrived = decoder_arrived(dec);
    if (dec->ahead == AHEAD_TRY && arrived > 0) {
        mp_int_t expected = (dec->start + arrived) & NATMOD_STREAM_POSITION;
        dec->ahead = natmod_stream_move(dec->stream, 0) == expected ? AHEAD_FREE : AHEAD_OWED;
    }
    #endif
    return dec->ahead >= AHEAD_FREE;
}

// Make at least n bytes available at dec->p. The object must have that many, and for streams n is at
// most READ_AHEAD. False if bytes are missing. From a stream it also reads ahead: what is sure to belong
// to the object, or more.
static __attribute__((noinline)) bool have_more(decoder_t *dec, size_t n) {
    if (dec->source != SOURCE_STREAM) {
        return false;
    }
    do {
        size_t buffered = dec->end - dec->p;
        size_t len = READ_AHEAD - buffered;
        byte *to = dec->read_ahead;
        if (!may_pass(dec)) {
            // Sure are n bytes of the header that has begun, and one for each other object that is owed.
            uint64_t sure = dec->pending + owed(dec) + (dec->pending == 0 ? n - 1 : 0);
            if (sure < READ_AHEAD) {
                len = sure - buffered;
            }
        } else {
            size_t arrived = decoder_arrived(dec);
            if (dec->ahead == AHEAD_FREE && arrived >= READ_AHEAD) {
                dec->block = m_realloc_maybe(NULL, READ_AHEAD + CHUNK, false);
                dec->ahead = AHEAD_BLOCK;
            }
            // A chunk ends where one of a device does, or to go back would mean to read that again.
            size_t chunk = CHUNK - (dec->start + arrived) % CHUNK;
            if (dec->block != NULL) {
                to = dec->block + len; // The firmware copies faster to an aligned address.
                len = CHUNK;
            }
            len = MIN(len, chunk);
        }
        memmove(to, dec->p, buffered);
        decoder_move(dec, to, buffered);
        dec->end += read_some(dec, to + buffered, len);
    } while ((size_t)(dec->end - dec->p) < n);
    return true;
}

static inline bool have(decoder_t *dec, size_t n) {
    return (size_t)(dec->end - dec->p) >= n || have_more(dec, n);
}

MP_NORETURN static void raise_limit(decoder_t *dec, unsigned int kind, uint32_t len) {
    dec->lost = true;
    const char *name = kind == KIND_STR ? "str" : kind == KIND_BIN ? "bin" : kind == KIND_EXT ? "ext"
        : kind == KIND_ARRAY ? "array" : "map";
    natmod_raise_fmt(dec->st->ValueError, "%u exceeds max_%s_len(%u)", (unsigned int)len, name,
        (unsigned int)dec->opt->max_len[kind - KIND_STR]);
}

// Decode the next header without taking it: its size, or 0 if bytes are missing.
NATMOD_INLINE size_t next_header(decoder_t *dec, format_tag_t *tag) {
    size_t size = 1;
    for (;;) {
        size_t buffered = dec->end - dec->p;
        if (size <= buffered) {
            size = format_decode(dec->p, buffered, tag);
            if (size <= buffered) {
                return size;
            }
        }
        if (!have_more(dec, size)) {
            return 0;
        }
    }
}

MP_NORETURN __attribute__((noinline)) void decoder_raise_format(decoder_t *dec) {
    dec->lost = true;
    natmod_raise_fmt(dec->st->FormatError, "0xc1 at byte %u of the object", (unsigned int)decoder_taken(dec));
}

// Objects that an array or map owes after its header.
NATMOD_INLINE uint64_t entries_owed(const format_tag_t *tag) {
    uint64_t len = tag->lo;
    return tag->kind == KIND_MAP ? len + tag->lo : len;
}

// Whether the container still lacks an element, a key or a value.
NATMOD_INLINE bool is_open(const decoder_frame_t *frame) {
    return frame->entries_left > 0 || frame->value_due;
}

// Count the header that was taken for the container that it is in.
NATMOD_INLINE void count_header(decoder_frame_t *frame) {
    if (frame->kind >= FRAME_DICT) {
        frame->value_due = !frame->value_due;
        frame->entries_left -= frame->value_due;
    } else {
        frame->entries_left--;
    }
}

/******************************************************************************/
// Payloads

static void payload_taken(decoder_t *dec, size_t n) {
    dec->p += n;
    dec->pending -= n;
}

// The rest of the payload in a block of its own, which grows as the bytes arrive.
static byte *take_payload(decoder_t *dec) {
    size_t len = dec->pending;
    size_t buffered = dec->end - dec->p;
    size_t capacity = MIN(len, MAX(buffered, TRUSTED_PAYLOAD));
    byte *payload = payload_new(capacity);
    for (size_t done = 0; done < len;) {
        if (done == capacity) {
            capacity = MIN(len, 2 * capacity);
            payload = m_realloc(payload, capacity + 1);
            payload[capacity] = 0;
        }
        size_t n = MIN((size_t)(dec->end - dec->p), capacity - done);
        if (n > 0) {
            memcpy(payload + done, dec->p, n);
            payload_taken(dec, n);
        } else {
            n = read_some(dec, payload + done, capacity - done);
            dec->gone += n;
            dec->pending -= n;
        }
        done += n;
    }
    return payload;
}

static mp_obj_t take_bytes(decoder_t *dec) {
    size_t len = dec->pending;
    return len == 0 ? dec->st->empty_bytes : payload_to_obj(dec->st->bytes_type, take_payload(dec), len);
}

// Whether a str that is not empty is ASCII.
NATMOD_INLINE bool is_ascii(const byte *p, size_t len) {
    uint32_t bits = 0;
    if (!NATMOD_UNALIGNED) {
        while (len-- > 0) {
            bits |= *p++;
        }
    } else if (len < 4) {
        // These are all of its bytes, some of them more than once.
        bits = p[0] | p[len >> 1] | p[len - 1];
    } else {
        // The last word may overlap the one before.
        const byte *last = p + len - 4;
        bits = ((const natmod_word_t *)last)->value;
        for (; p < last; p += 4) {
            bits |= ((const natmod_word_t *)p)->value;
        }
    }
    return !(bits & 0x80808080);
}

static __attribute__((noinline)) void check_utf8(decoder_t *dec, const byte *p, size_t len) {
    if (!is_ascii(p, len) && !utf8_is_valid(p, len)) {
        natmod_raise(dec->st->UnicodeError, "invalid UTF-8");
    }
}

// The index of a mark, searched for from at on; used if it is not there.
static __attribute__((noinline)) size_t find_mark(const uint32_t *marks, size_t at, size_t used,
    uint32_t mark) {
    while (at < used && marks[at] != mark) {
        at++;
    }
    return at;
}

NATMOD_INLINE bool is_key(decoder_t *dec, size_t at, uint32_t mark, const byte *p) {
    if (dec->key_marks[at] != mark) {
        return false;
    }
    mp_buffer_info_t buf;
    dec->st->str_buffer(dec->keys[at], &buf, MP_BUFFER_READ);
    const byte *q = buf.buf;
    size_t len = buf.len;
    while (len > 0 && p[len - 1] == q[len - 1]) {
        len--;
    }
    return len == 0;
}

static mp_obj_t take_short_str(decoder_t *dec, size_t len) {
    if (len == 0) {
        return dec->st->empty_str;
    }
    byte *payload = take_payload(dec);
    // The copy is checked, not the source: while memory is allocated, callbacks, interrupts and other
    // threads may write to the buffer that the bytes come from.
    check_utf8(dec, payload, len);
    return payload_to_obj(dec->st->str_type, payload, len);
}

// Keys that the program names are interned strings: they take no memory and are found fast in the
// dict. But looking up a key that is not interned takes long. After MISSES consecutive keys that are not
// interned, only every LOOK_EVERY-th key is looked up, until one is found. The others become new str
// objects, as they would after a lookup in vain.
NATMOD_FAST static __attribute__((noinline)) mp_obj_t key_new(decoder_t *dec, size_t len) {
    if (len == 0) {
        return dec->st->empty_str;
    }
    unsigned int misses = dec->misses;
    mp_obj_t key;
    if (misses < MISSES || misses % LOOK_EVERY == 0) {
        // Firmware without unicode strings may have interned strings that are not UTF-8.
        const byte *p = dec->p;
        check_utf8(dec, p, len);
        key = mp_obj_new_str((const char *)p, len);
        dec->p = p + len;
        dec->pending = 0; // The whole key was there.
        if (((uintptr_t)key & 3) != 0) {
            // It is no address, so it is an interned string.
            dec->misses = 0;
            return key;
        }
        // The source may have changed during the allocation, see take_short_str. Then the hash is wrong
        // as well.
        mp_obj_str_t *copied = MP_OBJ_TO_PTR(key);
        check_utf8(dec, copied->data, len);
        copied->hash = 0;
        // An Unpacker remembers keys over many objects, so that the lookup is worth it.
        dec->misses = dec->source == SOURCE_FED ? 0 : misses + 1;
    } else {
        dec->misses = misses + 1;
        key = take_short_str(dec, len);
    }
    mp_obj_str_t *str = MP_OBJ_TO_PTR(key);
    str->hash = MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, key));
    return key;
}

// The interpreter's lookup of interned strings is slow, so the latest keys are remembered.
static __attribute__((noinline)) mp_obj_t take_known_key(decoder_t *dec, size_t len) {
    const byte *p = dec->p;
    uint32_t mark = len | p[0] << 8 | p[len - 1] << 16 | (uint32_t)p[len - 1 - (len > 1)] << 24;
    // In maps of the same kind the next key is after the last one.
    size_t at = dec->key_at;
    if (at >= dec->keys_used || !is_key(dec, at, mark, p)) {
        at = 0;
        while ((at = find_mark(dec->key_marks, at, dec->keys_used, mark)) < dec->keys_used
               && !is_key(dec, at, mark, p)) {
            at++;
        }
    }
    if (at < dec->keys_used) {
        payload_taken(dec, len);
    } else {
        mp_obj_t key = key_new(dec, len);
        // When all places are in use, replace the one after that of the expected key. So some keys stay
        // even when more than KEYS alternate.
        at = dec->keys_used < KEYS ? dec->keys_used++ : (dec->key_at + 1) % KEYS;
        dec->key_marks[at] = mark;
        dec->keys[at] = key;
    }
    dec->key_at = (at + 1) % KEYS;
    return dec->keys[at];
}

// The keys of the outermost map come only once in an object.
NATMOD_INLINE bool remembers_keys(decoder_t *dec) {
    return dec->depth > 1 || dec->source == SOURCE_FED;
}

// The key of a map, all of which is buffered.
NATMOD_INLINE mp_obj_t take_key(decoder_t *dec, size_t len, bool remember) {
    return remember && len - 1 < KEY_MAX ? take_known_key(dec, len) : key_new(dec, len);
}

static mp_obj_t take_str(decoder_t *dec, bool for_map) {
    size_t len = dec->pending;
    if (dec->source != SOURCE_STREAM || len <= READ_AHEAD) {
        have(dec, len);
        if (for_map) {
            return take_key(dec, len, remembers_keys(dec));
        }
        return take_short_str(dec, len);
    }
    byte *payload = take_payload(dec);
    check_utf8(dec, payload, len);
    return payload_to_obj(dec->st->str_type, payload, len);
}

// Raise RuntimeError if Python code has resized the buffer that the bytes are read from.
static void check_buffer(decoder_t *dec) {
    if (dec->buffer != MP_OBJ_NULL) {
        mp_buffer_info_t buf;
        mp_get_buffer_raise(dec->buffer, &buf, MP_BUFFER_READ);
        const byte *start = buf.buf;
        if (start != dec->base || start + buf.len != dec->end) {
            natmod_raise(dec->st->RuntimeError, "buffer changed while unpacking");
        }
    }
}

// Prepare for Python code, which may resize the buffer that the bytes are read from. A memoryview does
// not notice that its bytearray was resized, and then refers to freed memory, so the rest of it is
// copied first.
static __attribute__((noinline)) void expect_python(decoder_t *dec) {
    dec->hooked = true;
    if (dec->buffer != MP_OBJ_NULL
        && natmod_native_base(&dec->st->nm, dec->buffer, dec->st->memoryview_type) != MP_OBJ_NULL) {
        size_t len = dec->end - dec->p;
        byte *copy = payload_new(len);
        memcpy(copy, dec->p, len);
        decoder_move(dec, copy, len);
        dec->buffer = MP_OBJ_NULL; // Nobody else knows the copy.
    }
}

static mp_obj_t call_hook(decoder_t *dec, mp_obj_t hook, size_t n_args, const mp_obj_t *args) {
    expect_python(dec);
    mp_obj_t result = mp_call_function_n_kw(hook, n_args, 0, args);
    check_buffer(dec);
    return result;
}

static mp_obj_t take_ext(decoder_t *dec, int8_t code) {
    if (code == FORMAT_EXT_TIMESTAMP) {
        size_t len = dec->pending;
        byte payload[TIMESTAMP_MAX];
        if (len <= TIMESTAMP_MAX) {
            have(dec, len);
            memcpy(payload, dec->p, len);
            payload_taken(dec, len);
        }
        return timestamp_from_payload(dec->st, payload, len, dec->opt->timestamp);
    }
    mp_obj_t args[2] = { MP_OBJ_NEW_SMALL_INT(code), take_bytes(dec) };
    if (natmod_is_none(dec->opt->ext_hook)) {
        return ext_new(dec->st, code, args[1]);
    }
    return call_hook(dec, dec->opt->ext_hook, 2, args);
}

/******************************************************************************/
// Containers

static __attribute__((noinline)) void more_frames(decoder_t *dec) {
    size_t capacity = MAX(2 * dec->capacity, INLINE_DEPTH);
    size_t size = capacity * sizeof(decoder_frame_t);
    if (dec->frames_on_heap) {
        dec->frames = m_realloc(dec->frames, size);
    } else {
        dec->frames = memcpy(m_malloc(size), dec->frames, dec->capacity * sizeof(decoder_frame_t));
        dec->frames_on_heap = true;
    }
    dec->capacity = capacity;
}

MP_NORETURN static __attribute__((noinline)) void raise_too_deep(decoder_t *dec) {
    raise_lost(dec, dec->st->StackError, "object nested too deeply");
}

// Open a container for len elements or pairs. others is the number of objects owed to all containers
// around it.
static decoder_frame_t *frame_open(decoder_t *dec, unsigned int kind, uint32_t len, uint64_t outer_owed) {
    if (dec->depth == dec->opt->max_depth) {
        raise_too_deep(dec);
    }
    if (dec->depth == dec->capacity) {
        more_frames(dec);
    }
    // Allocate for as many elements as the bytes buffered can bring, less those that the containers
    // around it are owed.
    bool is_map = kind == KIND_MAP;
    size_t buffered = dec->end - dec->p;
    if (buffered < len && buffered < READ_AHEAD && dec->ahead != AHEAD_OWED) {
        have_more(dec, buffered + 1);
        buffered = dec->end - dec->p;
    }
    size_t capacity = buffered > outer_owed ? (buffered - (size_t)outer_owed) >> is_map : 0;
    capacity = MIN(len, MAX(capacity, MIN_CAPACITY));
    capacity = MIN(capacity, MAX_CAPACITY);

    dec->outer_owed = outer_owed;
    decoder_frame_t *frame = &dec->frames[dec->depth++];
    frame->obj = frame->key = MP_OBJ_NULL;
    frame->entries_left = len;
    frame->value_due = false;
    if (is_map && natmod_is_none(dec->opt->object_pairs_hook)) {
        frame->kind = FRAME_DICT;
        // In a table without gaps the search for a free place takes long.
        frame->obj = mp_obj_new_dict(capacity + (capacity * 11 >> 8));
    } else if (is_map || dec->opt->use_list) {
        frame->kind = is_map ? FRAME_PAIRS : FRAME_LIST;
        frame->obj = mp_obj_new_list(capacity, NULL);
        ((mp_obj_list_t *)MP_OBJ_TO_PTR(frame->obj))->len = 0;
    } else {
        frame->kind = FRAME_TUPLE;
        frame->key = MP_OBJ_NEW_SMALL_INT(capacity);
        frame->obj = mp_obj_new_tuple(capacity, NULL);
        if (capacity > 0) {
            ((mp_obj_tuple_t *)MP_OBJ_TO_PTR(frame->obj))->len = 0;
        }
    }
    return frame;
}

// One element more than what entries_left counts will come: the current one.
static size_t more_capacity(const decoder_frame_t *frame, size_t capacity) {
    return capacity + 1 + MIN(capacity, frame->entries_left);
}

static __attribute__((noinline)) void list_grow(decoder_frame_t *frame, mp_obj_list_t *list) {
    size_t capacity = more_capacity(frame, list->len);
    list->items = m_realloc(list->items, capacity * sizeof(mp_obj_t));
    list->alloc = capacity;
}

NATMOD_INLINE void list_put(decoder_frame_t *frame, mp_obj_t obj) {
    mp_obj_list_t *list = MP_OBJ_TO_PTR(frame->obj);
    if (list->len == list->alloc) {
        list_grow(frame, list);
    }
    list->items[list->len++] = obj;
}

static void tuple_put(decoder_frame_t *frame, mp_obj_t obj) {
    mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(frame->obj);
    size_t capacity = MP_OBJ_SMALL_INT_VALUE(frame->key);
    if (tuple->len == capacity) {
        capacity = more_capacity(frame, capacity);
        tuple = m_realloc(tuple, sizeof(mp_obj_tuple_t) + capacity * sizeof(mp_obj_t));
        frame->obj = MP_OBJ_FROM_PTR(tuple);
        frame->key = MP_OBJ_NEW_SMALL_INT(capacity);
    }
    tuple->items[tuple->len++] = obj;
}

// Put a key or a value into a map.
static void map_put(decoder_t *dec, decoder_frame_t *frame, mp_obj_t obj) {
    if (frame->value_due) {
        const mp_obj_type_t *type = mp_obj_get_type(obj);
        if (type != &mp_type_str && type != dec->st->int_type) {
            // Where a bytes key is compared with a str, some firmware prints a warning, and that may
            // run Python code, just as keys can that a hook has made.
            expect_python(dec);
            check_nesting(dec->st, obj, KEY_NESTING);
        }
        if (dec->opt->strict_map_key && type != &mp_type_str && type != dec->st->bytes_type) {
            natmod_raise(dec->st->ValueError, "map key is neither str nor bytes");
        }
        frame->key = obj;
        return;
    }
    if (frame->kind == FRAME_PAIRS) {
        mp_obj_t pair[2] = { frame->key, obj };
        list_put(frame, mp_obj_new_tuple(2, pair));
    } else {
        mp_obj_dict_store(frame->obj, frame->key, obj);
        if (dec->hooked) {
            // The comparison with another key may have run Python code.
            check_buffer(dec);
        }
    }
}

// Close the innermost container; returns it, or what its hook makes of it.
static mp_obj_t frame_close(decoder_t *dec) {
    decoder_frame_t *frame = &dec->frames[--dec->depth];
    dec->outer_owed -= frame_owed(innermost(dec));
    mp_obj_t obj = frame->obj;
    frame->obj = frame->key = MP_OBJ_NULL;
    mp_obj_t hook = frame->kind == FRAME_DICT ? dec->opt->object_hook
        : frame->kind == FRAME_PAIRS ? dec->opt->object_pairs_hook : dec->opt->list_hook;
    return natmod_is_none(hook) ? obj : call_hook(dec, hook, 1, &obj);
}

/******************************************************************************/
// Objects

void decoder_init(decoder_t *dec, state_t *st, unsigned int source, decoder_frame_t *frames, size_t n) {
    memset(dec, 0, sizeof(*dec));
    dec->st = st;
    dec->source = source;
    dec->frames = frames;
    dec->capacity = n;
}

void decoder_start(decoder_t *dec) {
    dec->base = dec->p;
    dec->gone = 0;
    dec->outer_owed = 0;
    dec->pending = 0;
    dec->root.entries_left = 1;
    dec->depth = 0;
    dec->lost = false;
}

void decoder_drop(decoder_t *dec) {
    dec->outer_owed = owed(dec);
    dec->root.entries_left = 0;
    memset(dec->frames, 0, dec->depth * sizeof(decoder_frame_t));
    dec->depth = 0;
}

// Take the next elements of a list, as long as they are buffered numbers in common forms.
NATMOD_FAST static void take_numbers(decoder_t *dec, decoder_frame_t *frame) {
    mp_obj_list_t *list = MP_OBJ_TO_PTR(frame->obj);
    const byte *end = dec->end;
    for (;;) {
        const byte *p = dec->p;
        mp_obj_t *start = list->items + list->len;
        mp_obj_t *item = start;
        mp_obj_t *last = item + MIN(list->alloc - list->len, frame->entries_left);
        const byte *before;
        do {
            before = p;
            const byte *stop = p + MIN(last - item, end - p); // Each takes a byte.
            while (p < stop && format_is_fixint(*p)) {
                *item++ = MP_OBJ_NEW_SMALL_INT((int8_t)*p++);
            }
            int value;
            size_t int_size;
            while (item < last && p < end && (int_size = format_decode_int(p, end - p, &value)) != 0) {
                p += int_size;
                *item++ = MP_OBJ_NEW_SMALL_INT(value);
            }
        } while (p != before);
        dec->p = p;
        list->len += item - start;
        frame->entries_left -= item - start;
        uint32_t hi, lo;
        size_t size = item < last && p < end ? format_decode_float(p, end - p, &hi, &lo) : 0;
        if (size == 0) {
            return;
        }
        dec->p = p + size;
        frame->entries_left--;
        *item = float_new(dec->st, size == FORMAT_FLOAT32_SIZE ? 'f' : 'd', lo, hi);
        list->len++;
    }
}

// The length of the next object if it is a short str that is buffered; otherwise more than
// FORMAT_FIXSTR_MAX.
NATMOD_INLINE size_t short_str(decoder_t *dec) {
    size_t buffered = dec->end - dec->p;
    size_t len = buffered > 0 ? (size_t)*dec->p - FORMAT_FIXSTR : SIZE_MAX;
    return len < buffered ? len : SIZE_MAX;
}

static mp_obj_t scalar_new(decoder_t *dec, const format_tag_t *tag) {
    if (tag->kind == KIND_NIL) {
        return mp_const_none;
    }
    return tag->kind == KIND_BOOL ? mp_obj_new_bool(tag->lo) : number_new(dec->st, tag);
}

// Take the next pairs of a dict, as long as they are buffered, the keys are short strs, and the values
// are short strs or scalars. May end after a key.
NATMOD_FAST static void take_pairs(decoder_t *dec, decoder_frame_t *frame) {
    if (dec->opt->raw || dec->hooked) {
        return;
    }
    bool remember = remembers_keys(dec);
    size_t max = MIN(dec->opt->max_len[0], FORMAT_FIXSTR_MAX);
    while (frame->entries_left > 0) {
        size_t len = short_str(dec);
        if (len > max) {
            return;
        }
        frame->value_due = true;
        frame->entries_left--;
        dec->p++;
        dec->pending = len;
        frame->key = take_key(dec, len, remember);

        mp_obj_t obj;
        len = short_str(dec);
        if (len <= max) {
            frame->value_due = false;
            dec->p++;
            dec->pending = len;
            obj = take_short_str(dec, len);
        } else {
            format_tag_t tag;
            size_t buffered = dec->end - dec->p;
            size_t size = buffered > 0 ? format_decode(dec->p, buffered, &tag) : SIZE_MAX;
            if (size > buffered || tag.kind >= KIND_INVALID) {
                return;
            }
            frame->value_due = false;
            dec->p += size;
            obj = scalar_new(dec, &tag);
        }
        mp_obj_dict_store(frame->obj, frame->key, obj);
    }
}

// Step 1, for a header with a length: raise the error if it is invalid or exceeds a limit. False if it
// has a payload of which bytes are missing.
NATMOD_INLINE bool is_buffered(decoder_t *dec, const format_tag_t *tag, size_t buffered) {
    if (tag->kind == KIND_INVALID) {
        decoder_raise_format(dec);
    }
    if (tag->lo > dec->opt->max_len[tag->kind - KIND_STR]) {
        raise_limit(dec, tag->kind, tag->lo);
    }
    return tag->kind >= KIND_ARRAY || tag->lo <= buffered || dec->source == SOURCE_STREAM;
}

// Step 2, for a str, bin or ext.
NATMOD_INLINE mp_obj_t take_by_kind(decoder_t *dec, const decoder_frame_t *frame, const format_tag_t *tag) {
    dec->pending = tag->lo;
    if (tag->kind == KIND_STR && !dec->opt->raw) {
        return take_str(dec, frame->value_due && frame->kind >= FRAME_DICT);
    }
    return tag->kind < KIND_EXT ? take_bytes(dec) : take_ext(dec, tag->code);
}

// Step 2, for an array or map: returns the frame of the container, which may be complete already. NULL
// if the source is a whole buffer with fewer bytes than objects owed.
NATMOD_INLINE decoder_frame_t *open_container(decoder_t *dec, decoder_frame_t *frame, const format_tag_t *tag) {
    uint64_t others = dec->outer_owed + frame_owed(frame);
    uint64_t inside = entries_owed(tag);
    if (dec->source == SOURCE_WHOLE && others + inside > (size_t)(dec->end - dec->p)) {
        return NULL;
    }
    // Now, so that the count is right if there is no memory for the frame.
    dec->outer_owed += inside;
    frame = frame_open(dec, tag->kind, tag->lo, others);
    if (tag->lo > 0) {
        if (frame->kind == FRAME_LIST) {
            take_numbers(dec, frame);
        } else if (frame->kind == FRAME_DICT) {
            take_pairs(dec, frame);
        }
    }
    return frame;
}

// Step 3: put the object into its container, and a container that is complete into the one around it.
// Returns the innermost one that is not, or NULL when the outermost object is complete.
NATMOD_INLINE decoder_frame_t *put(decoder_t *dec, decoder_frame_t *frame, mp_obj_t obj, bool is_scalar) {
    for (;;) {
        if (frame->kind == FRAME_LIST) {
            list_put(frame, obj);
            if (is_scalar) {
                take_numbers(dec, frame);
            }
        } else if (frame->kind == FRAME_ROOT) {
            dec->result = obj;
            return NULL;
        } else if (frame->kind == FRAME_TUPLE) {
            tuple_put(frame, obj);
        } else {
            map_put(dec, frame, obj);
            if (frame->kind == FRAME_DICT && !frame->value_due) {
                take_pairs(dec, frame);
            }
        }
        if (is_open(frame)) {
            return frame;
        }
        obj = frame_close(dec);
        frame = innermost(dec);
    }
}

bool decoder_run(decoder_t *dec) {
    decoder_frame_t *frame = innermost(dec);
    do {
        // Step 1: take a header. Bytes that are taken and objects that are owed are always in step.
        format_tag_t tag;
        size_t size = next_header(dec, &tag);
        if (size == 0 || (tag.kind >= KIND_INVALID && !is_buffered(dec, &tag, dec->end - dec->p - size))) {
            return false;
        }
        dec->p += size;
        count_header(frame);

        // Step 2: make the object.
        mp_obj_t obj;
        if (tag.kind < KIND_INVALID) {
            obj = scalar_new(dec, &tag);
        } else if (tag.kind < KIND_ARRAY) {
            obj = take_by_kind(dec, frame, &tag);
        } else {
            frame = open_container(dec, frame, &tag);
            if (frame == NULL) {
                return false;
            }
            if (is_open(frame)) {
                continue;
            }
            obj = frame_close(dec);
            frame = innermost(dec);
        }

        // Step 3: put it where it belongs.
        frame = put(dec, frame, obj, tag.kind < KIND_INVALID);
    } while (frame != NULL);
    return true;
}

bool decoder_skip(decoder_t *dec) {
    decoder_drop(dec);
    for (;;) {
        while (dec->pending > 0) {
            if (!have(dec, 1)) {
                return false;
            }
            payload_taken(dec, MIN((size_t)(dec->end - dec->p), dec->pending));
        }
        if (dec->outer_owed == 0) {
            return true;
        }
        format_tag_t tag;
        size_t size = next_header(dec, &tag);
        if (size == 0) {
            return false;
        }
        dec->outer_owed--;
        if (tag.kind >= KIND_ARRAY) {
            dec->outer_owed += entries_owed(&tag);
        } else if (tag.kind > KIND_INVALID) {
            dec->pending = tag.lo;
        } else if (tag.kind == KIND_INVALID) {
            decoder_raise_format(dec);
        }
        dec->p += size;
    }
}

mp_obj_t decoder_header(decoder_t *dec, unsigned int kind) {
    format_tag_t tag;
    size_t size = next_header(dec, &tag);
    if (size == 0) {
        return MP_OBJ_NULL;
    }
    if (tag.kind != kind) {
        natmod_raise(dec->st->ValueError, kind == KIND_ARRAY ? "not an array" : "not a map");
    }
    // This may raise when the heap is locked, so the header is taken afterwards.
    mp_obj_t len = mp_obj_new_int_from_uint(tag.lo);
    dec->p += size;
    dec->root.entries_left = 0;
    return len;
}

static void run_protected(void *arg) {
    decoder_run(arg);
}

static void skip_protected(void *arg) {
    decoder_skip(arg);
}

// Whether an exception is an Exception. The builtin ones that are not have the same parent as it.
static bool is_error(mp_obj_t exception) {
    const mp_obj_type_t *type = mp_obj_get_type(exception);
    return type == &mp_type_Exception || MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent)
           != MP_OBJ_TYPE_GET_SLOT_OR_NULL(&mp_type_Exception, parent);
}

mp_obj_t decode_stream(decoder_t *dec) {
    mp_obj_t exception = natmod_protect(run_protected, dec);
    if (dec->block != NULL) {
        m_free(dec->block);
    }
    bool passed = dec->ahead >= AHEAD_FREE;
    dec->ahead = AHEAD_OWED;
    if (passed && !dec->stream->running) {
        size_t back = exception == MP_OBJ_NULL ? (size_t)(dec->end - dec->p) : decoder_arrived(dec);
        mp_int_t position = natmod_stream_move(dec->stream, -back);
        if (position < 0) {
            natmod_raise_errno(dec->stream->env->OSError, -position);
        }
        if (exception != MP_OBJ_NULL) {
            // Again from the first byte, but reading no more than what is sure, as from a stream that cannot
            // seek: that leaves the position where it has to be.
            decoder_drop(dec);
            dec->p = dec->end = dec->read_ahead;
            decoder_start(dec);
            if (is_error(exception)) {
                exception = natmod_protect(run_protected, dec);
            }
        }
    }
    if (exception != MP_OBJ_NULL) {
        // After an error of the stream itself its position is unknown.
        if (!dec->lost && !dec->stream->running) {
            const mp_obj_type_t *type = mp_obj_get_type(exception);
            mp_obj_t later = natmod_protect(skip_protected, dec);
            // KeyboardInterrupt and SystemExit take precedence.
            if (later != MP_OBJ_NULL && !is_error(later)) {
                exception = later;
            } else if (later == exception) {
                // Both are the firmware's one MemoryError object, for when there is no heap.
                ((mp_obj_base_t *)MP_OBJ_TO_PTR(exception))->type = type;
            }
        }
        nlr_raise(exception);
    }
    return dec->result;
}
