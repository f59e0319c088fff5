// SPDX-License-Identifier: MIT
// Unpacker: a decoder that is fed, or that reads a stream ahead.
#ifndef MSGPACK_UNPACKER_H
#define MSGPACK_UNPACKER_H

#include "msgpack.h"

void unpacker_init(state_t *st);

#endif // MSGPACK_UNPACKER_H
