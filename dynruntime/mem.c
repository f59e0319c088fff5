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

NATMOD_STRLEN size_t strlen(const char *s) {
    const char *end = s;
    while (*end != 0) {
        end++;
    }
    return end - s;
}
