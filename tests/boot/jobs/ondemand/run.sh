# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that is promised more memory (maxmem) than it may use until it balloons: populate on demand.
. ./lib.sh
check toolstack toolstack
before=$(free_memory)

create() { guest pod 'memory = 128' 'maxmem = 256' 'vcpus = 2' 'cmdline = "console=hvc0 guest.tick"'; }
check pod-create create
check pod-charged-from-the-start eval '[ "$(memory pod)" -le 129 ]'
check pod-guest-ready within 120 says pod 'GUEST ready'

# the kernel was told of 256 MiB and gives back what is above 128
sees() {
	local kib
	kib=$(console pod | sed -n 's|.*Memory: [0-9]*K/\([0-9]*\)K available.*|\1|p' | head -n 1)
	[ "${kib:-0}" -gt $((250 * 1024)) ] || { echo "kernel's memory: '$kib' KiB"; return 1; }
}
check pod-guest-sees-maximum sees
ballooned() {
	local kib
	kib=$(console pod | sed -n 's/.*GUEST up: .* memory=\([0-9]*\)K.*/\1/p')
	[ "${kib:-999999}" -lt $((128 * 1024)) ] || { echo "guest has '$kib' KiB"; return 1; }
	[ "$(memory pod)" -ge 126 ] && [ "$(memory pod)" -le 129 ]
}
check pod-balloons-down ballooned
check pod-ticks ticking pod 5

up() { xl mem-set pod 256 && within 60 eval '[ "$(memory pod)" -ge 254 ]' || { echo "$(memory pod) MiB"; return 1; }; }
check pod-mem-set-up up
down() { xl mem-set pod 128 && within 60 eval '[ "$(memory pod)" -le 129 ]' || { echo "$(memory pod) MiB"; return 1; }; }
check pod-mem-set-down down
check pod-still-ticks ticking pod 5
check pod-destroy eval 'xl destroy pod && within 20 gone pod'
check pod-memory-back within 20 eval "[ \$(free_memory) -ge $before ]"

# ended in the middle of its start, with the cache full
early() { guest pod 'memory = 128' 'maxmem = 256' 'vcpus = 1' 'on_crash = "destroy"' && xl destroy pod && within 20 gone pod; }
check pod-early-end early
check pod-early-end-memory-back within 20 eval "[ \$(free_memory) -ge $before ]"

# memtest=1 fills all that was promised with zeroes, which cost nothing; the first pattern of two is all ones
zeroes() {
	guest zeroes 'memory = 128' 'maxmem = 256' 'vcpus = 2' 'cmdline = "console=hvc0 memtest=1 guest.tick"' &&
		within 180 says zeroes 'GUEST ready' && ticking zeroes 5
}
check pod-zeroes-cost-nothing zeroes
check pod-zeroes-end eval 'xl destroy zeroes && within 20 gone zeroes'
greedy() {
	guest greedy 'memory = 128' 'maxmem = 256' 'vcpus = 2' 'on_crash = "destroy"' 'cmdline = "console=hvc0 memtest=2"' &&
		within 120 gone greedy && ! says greedy 'GUEST ready'
}
check pod-greedy-crashes greedy
check pod-greedy-memory-back within 20 eval "[ \$(free_memory) -ge $before ]"
check pod-greedy-logged eval 'xl dmesg | grep -qiE "out of (PoD )?memory"'

# more than there is: refused, and nothing kept
check pod-refused-beyond-memory eval '! guest pod "memory = 8000" "maxmem = 9000" && gone pod'
check pod-refused-memory-back within 20 eval "[ \$(free_memory) -ge $before ]"
xl dmesg > /out/xl-dmesg.txt
