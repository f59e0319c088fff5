// SPDX-License-Identifier: MIT
// The argument of MP_STREAM_SEEK.
#ifndef NATMOD_SEEK_H
#define NATMOD_SEEK_H

#include <string.h>

#include "toolkit.h"

// The firmware's struct mp_stream_seek_t. On the unix and windows ports mp_off_t has 64 bits, also
// where words have 32.
typedef union _natmod_seek_t {
    struct {
        int32_t offset;
        int32_t whence;
    } narrow;
    struct {
        int64_t offset;
        int32_t whence;
    } wide;
} natmod_seek_t;

// Whether mp_off_t may have 64 bits.
#ifndef NATMOD_WIDE_OFFSETS
#if defined(__i386__) || UINTPTR_MAX > UINT32_MAX
#define NATMOD_WIDE_OFFSETS (1)
#else
#define NATMOD_WIDE_OFFSETS (0)
#endif
#endif

// Whether it has: seek to (1, MP_SEEK_CUR) as the narrow struct has it. In the wide
// one that is (1 << 32 | 1, MP_SEEK_SET), and the stream, a new BytesIO or StringIO, overwrites all of
// the offset.
NATMOD_INIT static __attribute__((unused)) bool natmod_has_wide_offset(const mp_stream_p_t *protocol, mp_obj_t stream) {
    natmod_seek_t seek;
    memset(&seek, 0, sizeof(seek));
    seek.narrow.offset = 1;
    seek.narrow.whence = MP_SEEK_CUR;
    int error;
    protocol->ioctl(stream, MP_STREAM_SEEK, (uintptr_t)&seek, &error);
    return sizeof(void *) > 4 || seek.narrow.whence == 0;
}

#endif // NATMOD_SEEK_H
