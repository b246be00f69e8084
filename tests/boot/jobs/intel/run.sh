# SPDX-License-Identifier: GPL-2.0-or-later
# The short round on an emulated Intel machine, where a second of work takes two: the tools, a guest with console and
# disk, a hostile one, and nothing lost. There is no network. The file "expect" says cpus=N, vcpus=N, words="for kernels"
# and count=CALLS of the hostile guest.
. ./lib.sh
. ./expect
up() { /etc/init.d/xen start && within 60 xl list; }
check toolstack up
cpus() { [ "$(xl info | awk '$1 == "nr_cpus" { print $3 }')" = "$cpus" ] && [ "$(nproc)" = "$cpus" ]; }
check all-cpus cpus
check xl-info eval 'xl info | grep -q "^virt_caps *:.*hvm" && xl info | grep -q "^hw_caps"'

printf 'type = "pvh"\nname = "tiny"\nmemory = 16\nkernel = "/job/tiny.elf"\n' > tiny.cfg
tiny() { timeout 60 xl create -q tiny.cfg && timeout 60 xl destroy tiny; }
check first-guest tiny

truncate -s 16M /tmp/file.img
create() {
	guest one 'memory = 128' "vcpus = $vcpus" "cmdline = \"console=hvc0 guest.tick $words\"" \
		'disk = [ "format=raw,vdev=xvda,access=rw,target=/tmp/file.img" ]'
}
check xl-create create
check guest-up within 90 says one "GUEST up: .* cpus=$vcpus .* type=PVH"
check guest-ready within 60 says one 'GUEST ready'
check guest-disk says one 'GUEST disk xvda ok'
check disk-has-data eval '! cmp -s -n 1048576 -i 1048576 /tmp/file.img /dev/zero'
type_console() {
	(sleep 1; printf 'echo TYPED-$((40 + 2))\r'; sleep 3) | timeout 5 script -qfc 'xl console one' /out/typed.txt > /dev/null 2>&1
	grep -q TYPED-42 /out/typed.txt || { tail -n 3 /out/typed.txt; return 1; }
}
check xl-console type_console
check guest-ticks ticking one 4
paused() { xl pause one && sleep 1 && state one | grep -q '^--p' && ! ticking one 3 && xl unpause one && ticking one 4; }
check pause-unpause paused

# hostile CALLS
hostile() {
	{
		printf 'type = "pvh"\nname = "hostile"\nmemory = 64\nkernel = "/job/hostile.elf"\n'
		echo "cmdline = \"domu count=$1 seed=7\""
		printf 'on_poweroff = "preserve"\non_crash = "preserve"\non_reboot = "preserve"\non_watchdog = "preserve"\n'
	} > hostile.cfg
	timeout 60 xl create -q hostile.cfg
}
verdict() { { xl dmesg; console hostile; } | grep -a -o 'VERDICT hostile.*' | tail -n 1; }
ended() { state hostile | grep -q '^...s'; }
check hostile-create hostile "$count"
check hostile-ends within 120 ended
text=$(verdict)
check hostile-verdict eval "echo '${text:-no verdict}' | grep -q 'VERDICT hostile PASS' || { echo '$text'; false; }"
check guest-unharmed ticking one 4
check hostile-destroy eval 'xl destroy hostile && within 20 gone hostile'

check xl-shutdown eval 'xl shutdown -w one && within 30 gone one'
check only-dom0-left eval '[ "$(xl list | wc -l)" = 2 ]'
# all that is allocated once is there by now
before=$(settled_frames)
check second-round eval "tiny && hostile $((count / 10)) && within 120 ended && xl destroy hostile"
check no-frame-lost frames_back "$before"
