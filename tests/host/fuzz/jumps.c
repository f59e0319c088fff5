// SPDX-License-Identifier: MIT
// AddressSanitizer makes a system call wherever a frame may be left by a jump, which takes most of the
// time of an execution with exceptions in it. Here only nlr_jump jumps, and it unpoisons exactly the frames
// that it leaves.

#include <dlfcn.h>
#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <stdlib.h>

#include "fuzz.h"

__attribute__((noreturn)) void __real_nlr_jump(void *value);
__attribute__((noreturn)) void __wrap_nlr_jump(void *value);
__attribute__((noreturn)) void __wrap_longjmp(jmp_buf env, int value);
void __wrap___asan_handle_no_return(void);

void __wrap___asan_handle_no_return(void) {
}

__attribute__((noreturn)) void __wrap_nlr_jump(void *value) {
    char here;
    __asan_unpoison_memory_region(&here, (char *)MP_STATE_THREAD(nlr_top) - &here);
    __real_nlr_jump(value);
}

// The sanitizer's longjmp makes that system call, too. This one calls the C library's instead.
__attribute__((noreturn)) void __wrap_longjmp(jmp_buf env, int value) {
    static void (*jump)(jmp_buf env, int value);
    if (jump == NULL) {
        *(void **)&jump = dlsym(RTLD_NEXT, "longjmp");
    }
    jump(env, value);
    abort();
}
