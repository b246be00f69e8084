# SPDX-License-Identifier: GPL-2.0-or-later
# what a script at the console's other end can wait for
[ "$(tty)" != /dev/hvc0 ] || echo "GUEST $(hostname) logged in: $(id -un)"
