// SPDX-License-Identifier: MIT
// Objects -> headers and payloads -> a sink. There is no recursion, and up to INLINE_DEPTH nested
// containers no use of the heap.

#include <string.h>

#include "encoder.h"
#include "ext.h"
#include "format.h"
#include "number.h"
#include "object.h"
#include "timestamp.h"

/******************************************************************************/
// Sinks

enum {
    WRITE_TIMEOUT = 1000, // Milliseconds that a stream may accept nothing.
};

// Pass on some of the data and return how much. It is 0 after a wait for a stream that blocks; Python
// code may have run during the wait.
static size_t sink_some(encoder_t *enc, const byte *data, size_t len) {
    if (enc->sink == SINK_BUFFER) {
        // Asked for each time, since Python code may have resized it.
        mp_buffer_info_t buf;
        mp_get_buffer_raise(enc->buffer, &buf, MP_BUFFER_WRITE);
        if (enc->offset > buf.len || len > buf.len - enc->offset) {
            natmod_raise(enc->st->ValueError, "buffer too small");
        }
        // The data may lie in the same buffer.
        memmove((byte *)buf.buf + enc->offset, data, len);
        enc->offset += len;
        return len;
    }
    mp_int_t n = natmod_stream_write(enc->stream, data, len);
    if (n != NATMOD_STREAM_BLOCKS) {
        enc->wait.started = false;
        return n;
    }
    if (!natmod_stream_wait(enc->stream->env, &enc->wait, WRITE_TIMEOUT)) {
        natmod_raise_instance(enc->stream->env->etimedout);
    }
    return 0;
}

// Pass on all bytes but the last few.
static void flush(encoder_t *enc, size_t keep) {
    byte *p = enc->start;
    byte *end = enc->cur - keep;
    while (p < end) {
        p += sink_some(enc, p, end - p);
    }
    for (p = enc->start; keep > 0; keep--) {
        *p++ = *end++;
    }
    enc->cur = p;
}

void encoder_flush(encoder_t *enc) {
    flush(enc, 0);
}

// Make space for n bytes. With a sink other than memory, n must be small.
static __attribute__((noinline)) void make_space(encoder_t *enc, size_t n) {
    size_t used = enc->cur - enc->start;
    if (enc->sink != SINK_MEMORY) {
        // Whole words, which MicroPython copies much faster between aligned addresses.
        flush(enc, used % sizeof(uint32_t));
        return;
    }
    // No heap has half of the address space, so this is a MemoryError and must not wrap.
    size_t size = n > SIZE_MAX / 2 ? n : 2 * used + n;
    if (enc->on_heap) {
        enc->start = m_realloc(enc->start, size);
    } else {
        enc->start = memcpy(m_malloc(size), enc->start, used);
        enc->on_heap = true;
    }
    enc->cur = enc->start + used;
    enc->end = enc->start + size;
}

NATMOD_INLINE void ensure_space(encoder_t *enc, size_t n) {
    if ((size_t)(enc->end - enc->cur) < n) {
        make_space(enc, n);
    }
}

mp_obj_t encoder_take_bytes(encoder_t *enc) {
    size_t len = enc->cur - enc->start;
    if (!enc->on_heap) {
        return bytes_new(enc->st, enc->start, len);
    }
    byte *payload = m_realloc(enc->start, len + 1);
    payload[len] = 0;
    enc->on_heap = false;
    enc->start = enc->cur = enc->end = NULL;
    return payload_to_obj(enc->st->bytes_type, payload, len);
}

/******************************************************************************/
// Objects without elements

// A length as the format has it.
static uint32_t length(encoder_t *enc, size_t len) {
    if ((uint64_t)len >> 32) {
        natmod_raise(enc->st->ValueError, "object too long");
    }
    return len;
}

// The header and the payload of a str, bin or ext, whose payload is what obj gives as a buffer.
static __attribute__((noinline)) void encode_payload(encoder_t *enc, unsigned int kind, int8_t code, mp_obj_t obj) {
    ensure_space(enc, HEADER_SPACE);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(obj, &buf, MP_BUFFER_READ);
    uint32_t len = length(enc, buf.len);
    if (kind == KIND_EXT) {
        enc->cur = format_encode_ext(enc->cur, code, len);
    } else if (kind == KIND_BIN && !enc->opt->old_format) {
        enc->cur = format_encode_bin(enc->cur, len);
    } else {
        enc->cur = format_encode_str(enc->cur, len, enc->opt->old_format);
    }
    if (enc->sink == SINK_MEMORY) {
        ensure_space(enc, len);
    }
    // A payload that is larger than the whole memory is written from where it is, without a copy.
    // Writing may run Python code, so the payload's address and length are asked for after each part.
    const byte *data = buf.buf;
    for (size_t bytes_left = len; bytes_left > 0;) {
        size_t space = enc->end - enc->cur;
        size_t n = MIN(bytes_left, space);
        if (space == PACK_BUFFER && bytes_left > space) {
            n = sink_some(enc, data, bytes_left);
        } else {
            memcpy(enc->cur, data, n);
            enc->cur += n;
            if (n == bytes_left) {
                break;
            }
            encoder_flush(enc);
        }
        data += n;
        bytes_left -= n;
        mp_buffer_info_t now;
        mp_get_buffer_raise(obj, &now, MP_BUFFER_READ);
        if (now.buf != buf.buf || now.len != len) {
            natmod_raise(enc->st->RuntimeError, "object changed while packing");
        }
    }
}

void encode_ext(encoder_t *enc, int8_t code, mp_obj_t data) {
    encode_payload(enc, KIND_EXT, code, data);
}

NATMOD_FAST static void encode_float(encoder_t *enc, mp_obj_t obj) {
    words_t words;
    bool as_double = enc->opt->double_floats;
    float_to_words(enc->st, obj, as_double, &words);
    if (as_double) {
        enc->cur = format_put64(enc->cur, FORMAT_FLOAT64, words.hi, words.lo);
    } else {
        enc->cur = format_put(enc->cur, FORMAT_FLOAT32, 4, words.lo);
    }
}

// A str whose type is known, with a fast path for short ones.
NATMOD_INLINE void encode_str(encoder_t *enc, mp_obj_t obj) {
    mp_buffer_info_t buf;
    enc->st->str_buffer(obj, &buf, MP_BUFFER_READ);
    if (buf.len <= FORMAT_FIXSTR_MAX && buf.len < (size_t)(enc->end - enc->cur)) {
        byte *p = format_encode_fixstr(enc->cur, buf.len);
        natmod_copy_short(p, buf.buf, buf.len);
        enc->cur = p + buf.len;
    } else {
        encode_payload(enc, KIND_STR, 0, obj);
    }
}

// A small int, at p; returns where it ends.
static __attribute__((noinline)) byte *put_small_int(byte *p, mp_int_t value) {
    if ((mp_uint_t)value <= UINT16_MAX) {
        return format_encode_uint16(p, value);
    }
    uint32_t hi = sizeof(value) > 4 ? (uint32_t)((int64_t)value >> 32) : value < 0 ? UINT32_MAX : 0;
    return (value < 0 ? format_encode_negative : format_encode_uint)(p, hi, value);
}

NATMOD_INLINE byte *encode_small_int(byte *p, mp_obj_t obj) {
    mp_int_t value = MP_OBJ_SMALL_INT_VALUE(obj);
    if (format_fits_fixint(value)) {
        *p++ = value;
        return p;
    }
    return put_small_int(p, value);
}

// An object of type int; false if it is outside the format's range.
static bool encode_int(encoder_t *enc, mp_obj_t obj) {
    words_t words;
    if (!int_to_words(enc->st, obj, &words)) {
        return false;
    }
    enc->cur = (words.negative ? format_encode_negative : format_encode_uint)(enc->cur, words.hi, words.lo);
    return true;
}

static void encode_timestamp(encoder_t *enc, const timestamp_t *timestamp) {
    byte payload[TIMESTAMP_MAX];
    size_t len = timestamp_to_payload(enc->st, timestamp, payload);
    enc->cur = format_encode_ext(enc->cur, FORMAT_EXT_TIMESTAMP, len);
    memcpy(enc->cur, payload, len);
    enc->cur += len;
}

/******************************************************************************/
// Containers

void encode_array_header(encoder_t *enc, size_t len) {
    ensure_space(enc, HEADER_SPACE);
    enc->cur = format_encode_array(enc->cur, length(enc, len));
}

void encode_map_header(encoder_t *enc, size_t len) {
    ensure_space(enc, HEADER_SPACE);
    enc->cur = format_encode_map(enc->cur, length(enc, len));
}

// An open container.
typedef struct _frame_t {
    mp_obj_t obj;
    mp_obj_t key; // Of a map, the key whose value comes next.
    size_t len; // As its header says.
    size_t next; // Of a map, index into its table.
    size_t objects_left; // Objects still to be packed, two for each pair of a map.
    bool is_map;
    bool is_tuple;
} frame_t;

// All open containers.
typedef struct _frames_t {
    frame_t *frames;
    size_t capacity;
    size_t depth;
    frame_t first[INLINE_DEPTH];
} frames_t;

MP_NORETURN static __attribute__((noinline)) void raise_changed(encoder_t *enc) {
    natmod_raise(enc->st->RuntimeError, "container changed while packing");
}

// The next object of a container that has some left. Python code that ran since the last one
// may have changed it, so nothing but its address is taken for granted.
static inline mp_obj_t map_next(encoder_t *enc, frame_t *frame) {
    mp_map_t *map = &((mp_obj_dict_t *)MP_OBJ_TO_PTR(frame->obj))->map;
    if (map->used == frame->len) {
        size_t next = frame->next;
        if (--frame->objects_left & 1) {
            for (; next < map->alloc; next++) {
                if (mp_map_slot_is_filled(map, next)) {
                    frame->next = next;
                    frame->key = map->table[next].key;
                    return frame->key;
                }
            }
        } else if (next < map->alloc && map->table[next].key == frame->key) {
            frame->next = next + 1;
            return map->table[next].value;
        }
    }
    raise_changed(enc);
}

// Small ints are encoded here at once, as they cannot change the container. MP_OBJ_NULL means that no
// other object is left.
static inline mp_obj_t array_next(encoder_t *enc, frame_t *frame) {
    mp_obj_t *items;
    if (frame->is_tuple) {
        items = ((mp_obj_tuple_t *)MP_OBJ_TO_PTR(frame->obj))->items;
    } else {
        mp_obj_list_t *list = MP_OBJ_TO_PTR(frame->obj);
        if (list->len != frame->len) {
            raise_changed(enc);
        }
        items = list->items;
    }
    mp_obj_t *end = items + frame->len;
    items = end - frame->objects_left;
    byte *cur = enc->cur;
    mp_obj_t obj = MP_OBJ_NULL;
    while (items < end) {
        obj = *items++;
        if (!mp_obj_is_small_int(obj) || enc->end - cur < HEADER_SPACE) {
            break;
        }
        cur = encode_small_int(cur, obj);
        obj = MP_OBJ_NULL;
    }
    enc->cur = cur;
    frame->objects_left = end - items;
    return obj;
}

// The kinds of objects that the encoder knows, besides those of the format.
enum {
    CLASS_OTHER,
    CLASS_STR,
    CLASS_BIN,
    CLASS_INT,
    CLASS_FLOAT,
    CLASS_EXT,
    CLASS_TIMESTAMP,
    CLASS_TUPLE,
    CLASS_LIST,
    CLASS_DICT,
};

static unsigned int classify_native(encoder_t *enc, mp_obj_t obj) {
    state_t *st = enc->st;
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    if (type == st->bytes_type) {
        return CLASS_BIN;
    }
    if (type == st->str_type) {
        return CLASS_STR;
    }
    if (type == st->dict_type) {
        return CLASS_DICT;
    }
    if (type == st->list_type) {
        return CLASS_LIST;
    }
    if (type == st->float_type) {
        return CLASS_FLOAT;
    }
    if (type == st->int_type) {
        return CLASS_INT;
    }
    if (MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, buffer) == st->array_buffer) {
        // An array.array has that slot, too. It is for default, where there is one.
        bool is_bytes = type == st->streams.bytearray || type == st->memoryview_type;
        return is_bytes || natmod_is_none(enc->opt->default_fun) ? CLASS_BIN : CLASS_OTHER;
    }
    if (type == st->ext_type) {
        return CLASS_EXT;
    }
    if (type == st->timestamp_type) {
        return CLASS_TIMESTAMP;
    }
    // A namedtuple or an OrderedDict has the plain type as its parent; what os.uname() returns
    // has the name of a tuple and its layout.
    const void *parent = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent);
    if (parent == st->dict_type) {
        return CLASS_DICT;
    }
    if (parent == st->tuple_type && type->name == MP_QSTR_ExtType
        && type->slot_index_make_new == st->ext_type->slot_index_make_new
        && ((mp_obj_tuple_t *)MP_OBJ_TO_PTR(obj))->len == 2) {
        // The ExtType of another import of this module. A namedtuple has other slot indices, unless it is
        // the small flavour's.
        return CLASS_EXT;
    }
    if (type == st->tuple_type || parent == st->tuple_type || type->name == MP_QSTR_tuple) {
        return CLASS_TUPLE;
    }
    return CLASS_OTHER;
}

// What an object of a type is. One of a Python class derived from a native type counts as, and is
// replaced by, the native object inside, unless types are strict.
static unsigned int classify(encoder_t *enc, const mp_obj_type_t *type, mp_obj_t *obj) {
    state_t *st = enc->st;
    if (!enc->opt->strict_types && type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) {
        mp_obj_t native = natmod_native_inside(&st->nm, *obj);
        if (native == *obj) {
            return CLASS_OTHER;
        }
        unsigned int class = classify_native(enc, native);
        if (class != CLASS_OTHER) {
            *obj = native;
        }
        return class;
    }
    unsigned int class = classify_native(enc, *obj);
    if (enc->opt->strict_types && class >= CLASS_TUPLE && type != st->list_type && type != st->dict_type) {
        return CLASS_OTHER;
    }
    return class;
}

// An object without elements, of the classes that are rare or need a longer look; false if it is an
// integer outside the format's range.
static bool encode_other(encoder_t *enc, mp_obj_t obj, unsigned int class) {
    if (class == CLASS_STR) {
        encode_payload(enc, KIND_STR, 0, obj);
    } else if (class == CLASS_BIN) {
        encode_payload(enc, KIND_BIN, 0, obj);
    } else if (class == CLASS_INT) {
        return encode_int(enc, obj);
    } else if (class == CLASS_FLOAT) {
        encode_float(enc, obj);
    } else if (class == CLASS_TIMESTAMP) {
        encode_timestamp(enc, MP_OBJ_TO_PTR(obj));
    } else {
        // It may be a namedtuple, whose members nobody has checked.
        ext_t *ext = MP_OBJ_TO_PTR(obj);
        mp_buffer_info_t buf;
        buffer_arg(enc->st, ext->data, &buf);
        encode_ext(enc, int_arg(enc->st, ext->code, -128, 127), ext->data);
    }
    return true;
}

static mp_obj_t call_default(encoder_t *enc, mp_obj_t obj) {
    return mp_call_function_n_kw(enc->opt->default_fun, 1, 0, &obj);
}

// Describe the container in a frame and write its header.
NATMOD_INLINE void frame_init(encoder_t *enc, frame_t *frame, mp_obj_t obj, unsigned int class) {
    void *p = MP_OBJ_TO_PTR(obj);
    frame->obj = obj;
    frame->next = 0;
    frame->is_map = class == CLASS_DICT;
    frame->is_tuple = class == CLASS_TUPLE;
    if (frame->is_map) {
        frame->len = ((mp_obj_dict_t *)p)->map.used;
        frame->objects_left = 2 * frame->len;
        encode_map_header(enc, frame->len);
    } else {
        frame->len = frame->is_tuple ? ((mp_obj_tuple_t *)p)->len : ((mp_obj_list_t *)p)->len;
        frame->objects_left = frame->len;
        encode_array_header(enc, frame->len);
    }
}

MP_NORETURN static void raise_type(encoder_t *enc, mp_obj_t obj) {
    mp_obj_t name[2];
    mp_load_method_maybe(MP_OBJ_FROM_PTR(mp_obj_get_type(obj)), MP_QSTR___name__, name);
    mp_buffer_info_t buf;
    if (name[0] == MP_OBJ_NULL || !mp_get_buffer(name[0], &buf, MP_BUFFER_READ)) {
        natmod_raise(enc->st->nm.TypeError, "can't pack this object");
    }
    natmod_raise_fmt(enc->st->nm.TypeError, "can't pack '%.*s' object", (int)MIN(buf.len, 60), (char *)buf.buf);
}

// Open a nested container; returns its frame.
static frame_t *frame_push(encoder_t *enc, frames_t *frames, mp_obj_t obj, unsigned int class) {
    if (frames->depth + enc->outer_depth == MAX_DEPTH) {
        natmod_raise(enc->st->ValueError, "object nested too deeply");
    }
    if (frames->depth == frames->capacity) {
        frames->capacity *= 2;
        size_t size = frames->capacity * sizeof(frame_t);
        if (frames->frames == frames->first) {
            frames->frames = memcpy(m_malloc(size), frames->first, sizeof(frames->first));
        } else {
            frames->frames = m_realloc(frames->frames, size);
        }
    }
    frame_t *frame = &frames->frames[frames->depth++];
    frame_init(enc, frame, obj, class);
    return frame;
}

NATMOD_FAST void encode(encoder_t *enc, mp_obj_t obj) {
    state_t *st = enc->st;
    frames_t frames;
    frames.frames = frames.first;
    frames.capacity = INLINE_DEPTH;
    frames.depth = 0;
    frame_t *frame = NULL; // The innermost one.
    const mp_obj_type_t *(*get_type)(mp_const_obj_t) = natmod_get_type;
    bool from_default = false;
    for (;;) {
        ensure_space(enc, HEADER_SPACE);
        if (mp_obj_is_small_int(obj)) {
            enc->cur = encode_small_int(enc->cur, obj);
        } else {
            const mp_obj_type_t *type = get_type(obj);
            mp_obj_t native = obj; // Or the native object in an instance.
            unsigned int class;
            if (type == st->str_type) {
                encode_str(enc, obj);
            } else if (type == st->float_type) {
                encode_float(enc, obj);
            } else if (type == st->dict_type) {
                frame = frame_push(enc, &frames, obj, CLASS_DICT);
            } else if (type == st->list_type) {
                frame = frame_push(enc, &frames, obj, CLASS_LIST);
            } else if (obj == mp_const_none) {
                *enc->cur++ = FORMAT_NIL;
            } else if (obj == mp_const_true) {
                *enc->cur++ = FORMAT_TRUE;
            } else if (obj == mp_const_false) {
                *enc->cur++ = FORMAT_FALSE;
            } else if ((class = classify(enc, type, &native)) >= CLASS_TUPLE) {
                frame = frame_push(enc, &frames, native, class);
            } else if (class == CLASS_OTHER || !encode_other(enc, native, class)) {
                if (!from_default && !natmod_is_none(enc->opt->default_fun)) {
                    obj = call_default(enc, obj);
                    from_default = true;
                    continue;
                }
                if (class == CLASS_INT) {
                    natmod_raise(st->OverflowError, "integer out of range");
                }
                raise_type(enc, obj);
            }
        }
        from_default = false;
        do {
            // The next object.
            if (frame == NULL) {
                goto done;
            }
            if (frame->objects_left == 0) {
                frame = --frames.depth == 0 ? NULL : frame - 1;
                obj = MP_OBJ_NULL;
            } else {
                obj = frame->is_map ? map_next(enc, frame) : array_next(enc, frame);
            }
        } while (obj == MP_OBJ_NULL);
    }
done:
    if (frames.frames != frames.first) {
        m_free(frames.frames);
    }
}
