// SPDX-License-Identifier: MIT
// What the processor has, where Espressif's compilers have a file of this name: MicroPython includes
// it from v1.28 on. The macros that are not here count as 0.

#define XCHAL_HAVE_BE (0)
#define XCHAL_HAVE_DENSITY (1)

#if defined(__XTENSA_WINDOWED_ABI__)
// dc233c
#define XCHAL_HAVE_WINDOWED (1)
#define XCHAL_NUM_AREGS (32)
#define XCHAL_HAVE_LOOPS (1)
#else
// lx106
#define XCHAL_HAVE_WINDOWED (0)
#define XCHAL_NUM_AREGS (16)
#define XCHAL_HAVE_LOOPS (0)
#endif
