# SPDX-License-Identifier: GPL-2.0-or-later
# The service VM is up and sees the machine that the file "expect" describes: cpus=N mem=MiB name=NAME.
. ./lib.sh
. ./expect
/etc/init.d/xen start
within 60 xl list
xl info > /out/info.txt
value() { awk -v key="$1" '$1 == key { print $3 }' /out/info.txt; }
machine() {
	[ "$(value nr_cpus)" = "$cpus" ] || { echo "nr_cpus is $(value nr_cpus), not $cpus"; return 1; }
	local total
	total=$(value total_memory)
	# the firmware keeps some for itself
	[ "$total" -le "$mem" ] && [ "$total" -ge $((mem - 32)) ] || { echo "total_memory is $total of $mem"; return 1; }
	[ "$(value free_memory)" -gt $((total - 512 - 128 - mem / 32)) ] || { echo "free_memory is $(value free_memory)"; return 1; }
	xl list | grep -q '^Domain-0'
}
check machine-$name machine
