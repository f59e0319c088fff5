// SPDX-License-Identifier: MIT
// Packer: an encoder whose memory is kept between messages.
#ifndef MSGPACK_PACKER_H
#define MSGPACK_PACKER_H

#include "msgpack.h"

void packer_init(state_t *st);

#endif // MSGPACK_PACKER_H
