// SPDX-License-Identifier: MIT
// Memory, by way of the function table: allocation, and the functions that GCC calls of its own
// accord.

#include <string.h>

#include "toolkit.h"

#ifndef NATMOD_SMALL
void *natmod_malloc(size_t n) {
    void *block = mp_fun_table.realloc_(NULL, n, true);
    return block != NULL ? block : natmod_realloc(NULL, n);
}
#endif

void *natmod_realloc(void *ptr, size_t n) {
    // No heap has more than half of the address space, and the firmware's sums would wrap.
    n = MIN(n, SIZE_MAX / 2);
    for (;;) {
        void *block = mp_fun_table.realloc_(ptr, n, true);
        if (block != NULL) {
            return block;
        }
        // Have the firmware raise its own MemoryError, by making a list of this size. If that succeeds
        // after all, the list is garbage and its memory is there for another attempt.
        mp_obj_new_list(n / sizeof(mp_obj_t) + 1, NULL);
    }
}

#ifdef NATMOD_FAR_IN_MEM
// Functions that jump to those of the firmware; in C GCC would have them save registers. They are all in the
// one that GCC places near the end of the code, in reach of short calls from most of it.
#define JUMP_TO(name) "lw t1, %[" #name "](" NATMOD_TABLE_REGISTER ")\n\tjr t1\n"
#define FAR(name) "natmod_far_" #name ":\n" JUMP_TO(name)
#define ENTRY(name) [name] "i" (offsetof(mp_fun_table_t, name))

__attribute__((naked, noipa)) void *memset(void *dest, int c, size_t n) {
    __asm__ volatile (
        JUMP_TO(memset_)
        "natmod_far_free:\n"
        "li a2, 0\n"
        "li a1, 0\n"
        JUMP_TO(realloc_)
        "memcpy:\n"
        JUMP_TO(memmove_)
        FAR(obj_get_type)
        FAR(load_method_maybe)
        FAR(binary_op)
        FAR(call_function_n_kw)
        FAR(obj_new_bytes)
        FAR(binary_get_val_array)
        FAR(binary_set_val_array)
        "natmod_far_get_item:\n"
        "li a2, %[sentinel]\n"
        JUMP_TO(obj_subscr)
        "natmod_far_get_bytes:\n"
        "li a2, %[flags]\n"
        JUMP_TO(get_buffer)
        "natmod_far_qstr_to_obj:\n"
        "li a1, %[is_qstr]\n"
        JUMP_TO(native_to_obj)
        : : ENTRY(memset_), ENTRY(memmove_), ENTRY(obj_get_type), ENTRY(load_method_maybe),
        ENTRY(get_buffer), ENTRY(obj_subscr), ENTRY(binary_op), ENTRY(call_function_n_kw), ENTRY(obj_new_bytes),
        ENTRY(binary_get_val_array), ENTRY(binary_set_val_array), ENTRY(native_to_obj), ENTRY(realloc_),
        [sentinel] "i" (MP_OBJ_SENTINEL), [is_qstr] "i" (MP_NATIVE_TYPE_QSTR),
        [flags] "i" (MP_BUFFER_READ | MP_BUFFER_RAISE_IF_UNSUPPORTED)
        );
}
#else
NATMOD_FAST void *memcpy(void *restrict dest, const void *restrict src, size_t n) {
    #if NATMOD_UNALIGNED && !defined(NATMOD_SMALL)
    // MicroPython's own copies byte by byte unless both sides are aligned.
    natmod_word_t *d = dest;
    const natmod_word_t *s = src;
    for (; n > 16; n -= 16, d += 4, s += 4) {
        d[0] = s[0];
        d[1] = s[1];
        d[2] = s[2];
        d[3] = s[3];
    }
    natmod_copy_short((byte *)d, (const byte *)s, n);
    return dest;
    #else
    return mp_fun_table.memmove_(dest, src, n);
    #endif
}

#ifndef NATMOD_SMALL
void *memmove(void *dest, const void *src, size_t n) {
    return mp_fun_table.memmove_(dest, src, n);
}
#endif

void *memset(void *dest, int c, size_t n) {
    return mp_fun_table.memset_(dest, c, n);
}
#endif

NATMOD_STRLEN size_t strlen(const char *s) {
    const char *end = s;
    while (*end != 0) {
        end++;
    }
    return end - s;
}
