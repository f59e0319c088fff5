// SPDX-License-Identifier: MIT
// Nothing here needs hardware.
