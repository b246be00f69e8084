# SPDX-License-Identifier: GPL-2.0-or-later
# The smallest job: the service VM came up on a hypervisor that calls itself Xen 4.17.
say "hello"
cat /proc/xen/capabilities
ls /dev/xen /dev/disk/by-path
grep -c . /proc/interrupts
cat /sys/hypervisor/version/{major,minor,extra}
