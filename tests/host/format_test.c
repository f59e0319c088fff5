// SPDX-License-Identifier: MIT
// Tests natmod/msgpack/format.h by itself, against a second description of the format: the table
// below, which follows the specification's overview and shares nothing with the header.
//
// usage: format_test [number of random headers]
// Prints a line for each test, as tests/support/check.py does.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format.h"

typedef struct _form_t {
    uint8_t first; // The first bytes of this form are first to last.
    uint8_t last;
    uint8_t kind;
    uint8_t arg; // The size of the argument in bytes.
    bool code; // A type code follows the argument.
    bool sign; // The argument is signed.
    int16_t value; // Without an argument: the value that first stands for.
} form_t;

static const form_t forms[] = {
    { 0x00, 0x7f, KIND_UINT, 0, false, false, 0 },
    { 0x80, 0x8f, KIND_MAP, 0, false, false, 0 },
    { 0x90, 0x9f, KIND_ARRAY, 0, false, false, 0 },
    { 0xa0, 0xbf, KIND_STR, 0, false, false, 0 },
    { 0xc0, 0xc0, KIND_NIL, 0, false, false, 0 },
    { 0xc1, 0xc1, KIND_INVALID, 0, false, false, 0 },
    { 0xc2, 0xc3, KIND_BOOL, 0, false, false, 0 },
    { 0xc4, 0xc4, KIND_BIN, 1, false, false, 0 },
    { 0xc5, 0xc5, KIND_BIN, 2, false, false, 0 },
    { 0xc6, 0xc6, KIND_BIN, 4, false, false, 0 },
    { 0xc7, 0xc7, KIND_EXT, 1, true, false, 0 },
    { 0xc8, 0xc8, KIND_EXT, 2, true, false, 0 },
    { 0xc9, 0xc9, KIND_EXT, 4, true, false, 0 },
    { 0xca, 0xca, KIND_FLOAT32, 4, false, false, 0 },
    { 0xcb, 0xcb, KIND_FLOAT64, 8, false, false, 0 },
    { 0xcc, 0xcc, KIND_UINT, 1, false, false, 0 },
    { 0xcd, 0xcd, KIND_UINT, 2, false, false, 0 },
    { 0xce, 0xce, KIND_UINT, 4, false, false, 0 },
    { 0xcf, 0xcf, KIND_UINT, 8, false, false, 0 },
    { 0xd0, 0xd0, KIND_INT, 1, false, true, 0 },
    { 0xd1, 0xd1, KIND_INT, 2, false, true, 0 },
    { 0xd2, 0xd2, KIND_INT, 4, false, true, 0 },
    { 0xd3, 0xd3, KIND_INT, 8, false, true, 0 },
    { 0xd4, 0xd4, KIND_EXT, 0, true, false, 1 },
    { 0xd5, 0xd5, KIND_EXT, 0, true, false, 2 },
    { 0xd6, 0xd6, KIND_EXT, 0, true, false, 4 },
    { 0xd7, 0xd7, KIND_EXT, 0, true, false, 8 },
    { 0xd8, 0xd8, KIND_EXT, 0, true, false, 16 },
    { 0xd9, 0xd9, KIND_STR, 1, false, false, 0 },
    { 0xda, 0xda, KIND_STR, 2, false, false, 0 },
    { 0xdb, 0xdb, KIND_STR, 4, false, false, 0 },
    { 0xdc, 0xdc, KIND_ARRAY, 2, false, false, 0 },
    { 0xdd, 0xdd, KIND_ARRAY, 4, false, false, 0 },
    { 0xde, 0xde, KIND_MAP, 2, false, false, 0 },
    { 0xdf, 0xdf, KIND_MAP, 4, false, false, 0 },
    { 0xe0, 0xff, KIND_INT, 0, false, true, -32 },
};

enum {
    N_FORMS = sizeof(forms) / sizeof(forms[0]),
    LONGEST = 9, // Bytes of the longest header.
};

static const uint32_t lengths[] = {
    0, 1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 30, 31, 32, 33, 127, 128, 254, 255, 256, 257,
    32767, 32768, 65534, 65535, 65536, 65537, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000,
    0xfffffffe, 0xffffffff,
};

/******************************************************************************/
// Failures

static unsigned int passed;
static unsigned int failed;
static bool failing;

#define CHECK(condition, what, number) \
    do { \
        if (!(condition)) { \
            fail(__LINE__, #condition, (what), (unsigned long long)(number)); \
        } \
    } while (0)

static void fail(int line, const char *condition, const char *what, unsigned long long number) {
    if (!failing) {
        printf("format_test.c:%d: %s: %s 0x%llx\n", line, condition, what, number);
    }
    failing = true;
}

static void run(const char *name, void (*test)(void)) {
    failing = false;
    test();
    printf("@%s %s\n", failing ? "fail" : "ok", name);
    if (failing) {
        printf("@traceback-end\n");
    }
    failed += failing;
    passed += !failing;
}

/******************************************************************************/
// Functions that the tests share

// The same numbers in every run.
static uint64_t random_bits(void) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static const form_t *form_of(uint8_t first) {
    const form_t *form = forms;
    while (first > form->last) {
        form++;
    }
    return form;
}

static size_t size_of(const form_t *form) {
    return 1 + form->arg + form->code;
}

// The value or length that a header has by the table.
static uint64_t value_of(const form_t *form, const uint8_t *header) {
    if (form->arg == 0) {
        // Each fixed length of an ext has its own row, so the difference is 0.
        return (uint64_t)(int64_t)(form->value + header[0] - form->first);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < form->arg; i++) {
        value = value * 256 + header[1 + i];
    }
    if (form->sign && form->arg < 8 && value >> (8 * form->arg - 1)) {
        value -= (uint64_t)1 << (8 * form->arg);
    }
    return value;
}

// The end of a page that is followed by an inaccessible one.
static uint8_t *end_of_memory(void) {
    static uint8_t *end;
    if (end == NULL) {
        size_t page = sysconf(_SC_PAGESIZE);
        uint8_t *start = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        end = start + page;
        if (start == MAP_FAILED || mprotect(end, page, PROT_NONE) != 0) {
            perror("mmap");
            exit(2);
        }
    }
    return end;
}

// The fast paths for small integers must accept these and no others.
static void check_decode_int(const form_t *form, const uint8_t *p, size_t avail) {
    bool is_int = form->kind == KIND_UINT || form->kind == KIND_INT;
    CHECK(format_is_fixint(p[0]) == (is_int && form->arg == 0), "first byte", p[0]);
    int value = 0x5555;
    size_t size = format_decode_int(p, avail, &value);
    if (is_int && (form->arg == 1 || form->arg == 2) && avail >= size_of(form)) {
        CHECK(size == size_of(form), "first byte", p[0]);
        CHECK((uint64_t)(int64_t)value == value_of(form, p), "first byte", p[0]);
    } else {
        CHECK(size == 0 && value == 0x5555, "first byte", p[0]);
    }
}

static void check_decode_float(const form_t *form, const uint8_t *p, size_t avail) {
    uint32_t hi = 0x5555;
    uint32_t lo = 0x5555;
    size_t size = format_decode_float(p, avail, &hi, &lo);
    if ((form->kind == KIND_FLOAT32 || form->kind == KIND_FLOAT64) && avail >= size_of(form)) {
        CHECK(size == size_of(form), "first byte", p[0]);
        CHECK(lo == (uint32_t)value_of(form, p), "first byte", p[0]);
        CHECK(form->kind == KIND_FLOAT32 || hi == value_of(form, p) >> 32, "first byte", p[0]);
    } else {
        CHECK(size == 0 && hi == 0x5555 && lo == 0x5555, "first byte", p[0]);
    }
}

// Decode the first avail bytes of a header, and compare with the table.
static void check_decode(const uint8_t *header, size_t avail) {
    const form_t *form = form_of(header[0]);
    size_t size = size_of(form);
    const uint8_t *p = memcpy(end_of_memory() - avail, header, avail);
    format_tag_t tag;
    memset(&tag, 0x55, sizeof(tag));
    check_decode_int(form, p, avail);
    check_decode_float(form, p, avail);
    CHECK(format_decode(p, avail, &tag) == size, "first byte", header[0]);
    if (size > avail) {
        return;
    }
    CHECK(tag.kind == form->kind, "first byte", header[0]);
    uint64_t value = (uint64_t)tag.hi << 32 | tag.lo;
    if (form->kind != KIND_NIL && form->kind != KIND_INVALID) {
        CHECK(value == value_of(form, header), "first byte", header[0]);
    }
    if (form->code) {
        CHECK(tag.code == (int8_t)header[size - 1], "first byte", header[0]);
    }
}

// The buffer that an encoder writes to. It must not change bytes after the end of the header.
static uint8_t buffer[FORMAT_HEADER_MAX + 8];

static uint8_t *fresh_buffer(void) {
    return memset(buffer, 0x5a, sizeof(buffer));
}

// Check what an encoder has written, up to end: the right object, in the shortest of its forms.
static void check_encoded(const uint8_t *end, uint8_t kind, uint64_t value, int8_t code, bool no_str8) {
    size_t size = end - buffer;
    CHECK(size >= 1 && size <= FORMAT_HEADER_MAX && size <= LONGEST, "value", value);
    for (size_t i = size; i < sizeof(buffer); i++) {
        CHECK(buffer[i] == 0x5a, "value", value);
    }
    check_decode(buffer, size);
    const form_t *form = form_of(buffer[0]);
    CHECK(size == size_of(form), "value", value);
    CHECK(form->kind == kind && value_of(form, buffer) == value, "value", value);
    if (form->code) {
        CHECK((int8_t)buffer[size - 1] == code, "value", value);
    }
    for (const form_t *other = forms; other < forms + N_FORMS; other++) {
        if (other->kind != kind || size_of(other) >= size || (no_str8 && other->first == 0xd9)) {
            continue;
        }
        bool fits;
        if (other->arg == 0) {
            int64_t offset = (int64_t)value - other->value;
            fits = offset >= 0 && offset <= other->last - other->first;
        } else if (other->sign) {
            int64_t limit = (int64_t)1 << (8 * other->arg - 1);
            fits = (int64_t)value >= -limit && (int64_t)value < limit;
        } else {
            fits = value >> (8 * other->arg) == 0;
        }
        CHECK(!fits, "not the shortest form of", value);
    }
}

// Call a function with all short lengths, those at boundaries and some others.
static void for_lengths(void (*fun)(uint32_t len)) {
    for (uint32_t len = 0; len <= 0x10100; len++) {
        fun(len);
    }
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        fun(lengths[i]);
    }
    for (unsigned int bit = 16; bit < 32; bit++) {
        uint32_t power = (uint32_t)1 << bit;
        fun(power - 1);
        fun(power);
        fun(power + 1);
        fun(power | (uint32_t)random_bits() % power);
    }
}

static void for_words(void (*fun)(uint64_t value)) {
    for (uint64_t value = 0; value <= 0x10100; value++) {
        fun(value);
        fun(-value);
    }
    for (unsigned int bit = 8; bit < 64; bit++) {
        for (int delta = -2; delta <= 2; delta++) {
            fun(((uint64_t)1 << bit) + (int64_t)delta);
            fun(-((uint64_t)1 << bit) + (int64_t)delta);
        }
    }
    for (int i = 0; i < 200000; i++) {
        fun(random_bits() >> (random_bits() & 63));
    }
}

/******************************************************************************/
// Tests of decoding

static void table_is_complete(void) {
    unsigned int next = 0;
    for (size_t i = 0; i < N_FORMS; i++) {
        CHECK(forms[i].first == next && forms[i].last >= next, "form", i);
        next = forms[i].last + 1;
    }
    CHECK(next == 256, "end", next);
}

static void every_first_byte_and_length(void) {
    static const uint8_t patterns[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0xfe, 0xff };
    uint8_t header[LONGEST + 3];
    for (unsigned int first = 0; first < 256; first++) {
        for (size_t avail = 1; avail <= sizeof(header); avail++) {
            for (size_t i = 0; i < sizeof(patterns) * sizeof(patterns); i++) {
                // The argument has one pattern in its first byte, another one in all others.
                memset(header, patterns[i % sizeof(patterns)], sizeof(header));
                header[0] = first;
                header[1] = patterns[i / sizeof(patterns)];
                check_decode(header, avail);
            }
            // Only one byte of the argument is not zero.
            for (size_t i = 1; i < sizeof(header); i++) {
                memset(header + 1, 0, sizeof(header) - 1);
                for (unsigned int byte = 1; byte < 256; byte++) {
                    header[i] = byte;
                    check_decode(header, avail);
                }
            }
        }
    }
}

static void all_arguments_of_two_bytes(void) {
    uint8_t header[4];
    for (uint32_t i = 0; i < 0x1000000; i++) {
        header[0] = i >> 16;
        header[1] = i >> 8;
        header[2] = i;
        header[3] = i >> 4;
        if (form_of(header[0])->arg > 0 && form_of(header[0])->arg <= 2) {
            check_decode(header, sizeof(header));
        }
    }
}

static unsigned long n_random = 1000000;

static void random_headers(void) {
    for (unsigned long i = 0; i < n_random; i++) {
        uint8_t header[16];
        uint64_t bits[2] = { random_bits(), random_bits() };
        memcpy(header, bits, sizeof(header));
        check_decode(header, 1 + i % (LONGEST + 2));
    }
}

static void tag_of_a_truncated_header(void) {
    // A reader may ask from the first byte on how many bytes are missing.
    for (unsigned int first = 0; first < 256; first++) {
        uint8_t header[LONGEST] = { first, 1, 2, 3, 4, 5, 6, 7, 8 };
        size_t avail = 1;
        format_tag_t tag;
        size_t size;
        unsigned int steps = 0;
        while ((size = format_decode(header, avail, &tag)) > avail) {
            avail = size;
            steps++;
        }
        CHECK(avail == size_of(form_of(first)) && steps <= 1, "first byte", first);
        CHECK(tag.kind == form_of(first)->kind, "first byte", first);
    }
}

/******************************************************************************/
// Tests of encoding

static void one_array(uint32_t len) {
    check_encoded(format_encode_array(fresh_buffer(), len), KIND_ARRAY, len, 0, false);
}

static void one_map(uint32_t len) {
    check_encoded(format_encode_map(fresh_buffer(), len), KIND_MAP, len, 0, false);
}

static void one_str(uint32_t len) {
    check_encoded(format_encode_str(fresh_buffer(), len, 0), KIND_STR, len, 0, false);
}

static void one_old_str(uint32_t len) {
    check_encoded(format_encode_str(fresh_buffer(), len, 1), KIND_STR, len, 0, true);
    CHECK(buffer[0] != 0xd9, "length", len);
}

static void one_bin(uint32_t len) {
    check_encoded(format_encode_bin(fresh_buffer(), len), KIND_BIN, len, 0, false);
}

static void one_ext(uint32_t len) {
    int8_t code = (int8_t)random_bits();
    check_encoded(format_encode_ext(fresh_buffer(), code, len), KIND_EXT, len, code, false);
}

static void one_fixstr(uint32_t len) {
    if (len <= FORMAT_FIXSTR_MAX) {
        check_encoded(format_encode_fixstr(fresh_buffer(), len), KIND_STR, len, 0, false);
    }
}

static void one_integer(uint64_t value) {
    bool is_fixint = value <= 0x7f || value >= (uint64_t)-32;
    CHECK(format_fits_fixint((intptr_t)value) == is_fixint, "value", value);
    if (is_fixint) {
        CHECK(format_is_fixint((uint8_t)value), "value", value);
    } else if (value <= UINT16_MAX) {
        check_encoded(format_encode_uint16(fresh_buffer(), value), KIND_UINT, value, 0, false);
    }
    check_encoded(format_encode_uint(fresh_buffer(), value >> 32, (uint32_t)value), KIND_UINT, value, 0, false);
    if (value >> 63) {
        check_encoded(format_encode_negative(fresh_buffer(), value >> 32, (uint32_t)value), KIND_INT, value, 0, false);
    }
}

static void arrays(void) {
    for_lengths(one_array);
}

static void maps(void) {
    for_lengths(one_map);
}

static void strs(void) {
    for_lengths(one_str);
    for_lengths(one_fixstr);
}

static void old_strs(void) {
    for_lengths(one_old_str);
}

static void bins(void) {
    for_lengths(one_bin);
}

static void exts(void) {
    for_lengths(one_ext);
    for (int code = -128; code < 128; code++) {
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            check_encoded(format_encode_ext(fresh_buffer(), code, lengths[i]), KIND_EXT, lengths[i], code, false);
        }
    }
}

static void integers(void) {
    for_words(one_integer);
}

static void one_float(uint64_t value) {
    check_encoded(format_put(fresh_buffer(), FORMAT_FLOAT32, 4, (uint32_t)value), KIND_FLOAT32, (uint32_t)value, 0, false);
    check_encoded(format_put64(fresh_buffer(), FORMAT_FLOAT64, value >> 32, (uint32_t)value), KIND_FLOAT64, value, 0, false);
}

static void floats(void) {
    for_words(one_float);
}

// Every form that can hold a value decodes to it, even if a shorter one exists.
static void one_overlong(uint64_t value) {
    for (const form_t *form = forms; form < forms + N_FORMS; form++) {
        uint8_t header[LONGEST + 1] = { form->first };
        for (size_t i = 0; i < form->arg; i++) {
            header[1 + i] = value >> (8 * (form->arg - 1 - i));
        }
        header[size_of(form) - form->code] = 0x85;
        if (form->arg > 0 && value_of(form, header) == value) {
            format_tag_t tag = { 0 };
            CHECK(format_decode(header, size_of(form), &tag) == size_of(form), "value", value);
            CHECK(tag.kind == form->kind, "value", value);
            CHECK(((uint64_t)tag.hi << 32 | tag.lo) == value, "value", value);
            CHECK(!form->code || tag.code == (int8_t)0x85, "value", value);
        }
    }
}

static void overlong_forms(void) {
    for_words(one_overlong);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        n_random = strtoul(argv[1], NULL, 10);
    }
    run("table_is_complete", table_is_complete);
    run("every_first_byte_and_length", every_first_byte_and_length);
    run("all_arguments_of_two_bytes", all_arguments_of_two_bytes);
    run("random_headers", random_headers);
    run("tag_of_a_truncated_header", tag_of_a_truncated_header);
    run("arrays", arrays);
    run("maps", maps);
    run("strs", strs);
    run("old_strs", old_strs);
    run("bins", bins);
    run("exts", exts);
    run("integers", integers);
    run("floats", floats);
    run("overlong_forms", overlong_forms);
    printf("@end %u %u 0\n", passed, failed);
    return failed > 0;
}
