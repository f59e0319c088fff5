// SPDX-License-Identifier: MIT
// In place of the chip's header, which the configuration of ports/samd includes and only its
// drivers need.
