# SPDX-License-Identifier: MIT
# The standard variant in another configuration; mpconfigvariant.h has them.
