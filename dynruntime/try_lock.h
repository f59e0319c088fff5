// SPDX-License-Identifier: MIT
// A lock that is tried, never waited for: it turns use of an object inside its own method, by a
// hook or by another thread, into an exception.
#ifndef NATMOD_TRY_LOCK_H
#define NATMOD_TRY_LOCK_H

#include <stdbool.h>

typedef unsigned int natmod_try_lock_t; // Zero when free.

// False if somebody holds it.
static inline bool natmod_try_lock(natmod_try_lock_t *lock) {
    #if __GCC_ATOMIC_INT_LOCK_FREE == 2
    return __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) == 0;
    #else
    // Cores without atomic instructions: two threads that run at once (RP2040) may both get it.
    if (*lock) {
        return false;
    }
    *lock = 1;
    return true;
    #endif
}

static inline void natmod_unlock(natmod_try_lock_t *lock) {
    #if __GCC_ATOMIC_INT_LOCK_FREE == 2
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    #else
    *lock = 0;
    #endif
}

#endif // NATMOD_TRY_LOCK_H
