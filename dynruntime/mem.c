// The memory functions that GCC calls of its own accord, by way of the function table.

#include <string.h>

#include "natmod.h"

void *memcpy(void *restrict dest, const void *restrict src, size_t n) {
    return mp_fun_table.memmove_(dest, src, n);
}

void *memmove(void *dest, const void *src, size_t n) {
    return mp_fun_table.memmove_(dest, src, n);
}

void *memset(void *dest, int c, size_t n) {
    return mp_fun_table.memset_(dest, c, n);
}


int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *p = a;
    const unsigned char *q = b;
    for (; n > 0; n--, p++, q++) {
        if (*p != *q) {
            return *p - *q;
        }
    }
    return 0;
}

size_t strlen(const char *s) {
    const char *end = s;
    while (*end != 0) {
        end++;
    }
    return end - s;
}
