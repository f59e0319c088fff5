// SPDX-License-Identifier: MIT
// Numbers and the words of the format.
#ifndef MSGPACK_NUMBER_H
#define MSGPACK_NUMBER_H

#include "format.h"
#include "msgpack.h"

// An integer of the format: hi:lo, in two's complement if negative is set.
typedef struct _words_t {
    uint32_t hi;
    uint32_t lo;
    bool negative;
} words_t;

// False if obj, which is of the builtin type int, is outside the format's range.
bool int_to_words(state_t *st, mp_obj_t obj, words_t *words);

// An integer or a float from the words of a tag. Raises OverflowError on a firmware whose
// integers cannot hold it and ValueError on one without floats.
mp_obj_t number_new(state_t *st, const format_tag_t *tag);

// A float from its bits, single ('f') or double ('d'). Raises ValueError on a firmware without.
mp_obj_t float_new(state_t *st, char typecode, uint32_t lo, uint32_t hi);

// The bits of a float object, as a double in hi:lo or as a single in lo.
void float_to_words(state_t *st, mp_obj_t obj, bool as_double, words_t *words);

// Find out about the firmware's floats and integers.
void floats_init(state_t *st);
void ints_init(state_t *st);

#endif // MSGPACK_NUMBER_H
