# SPDX-License-Identifier: GPL-2.0-or-later
# The stock tools, and the life of one guest with two vCPUs, two disks (a file and an LVM volume) and a network card.
. ./lib.sh
check toolstack toolstack

info() {
	xl info > /out/info.txt || return
	local key
	for key in host release nr_cpus cpu_mhz virt_caps total_memory free_memory xen_major xen_minor xen_caps \
		xen_scheduler xen_pagesize xen_commandline xend_config_format; do
		grep -q "^$key *:" /out/info.txt || { echo "xl info has no $key"; return 1; }
	done
	grep -q '^xen_major *: 4$' /out/info.txt && grep -q '^xen_minor *: 17$' /out/info.txt
}
check xl-info info
check xl-list eval '[ "$(xl list | awk "NR == 2 { print \$1, \$2 }")" = "Domain-0 0" ]'
check xl-dmesg eval 'xl dmesg | grep -q .'
check xl-dmesg-clear eval 'xl dmesg -c > /dev/null && [ "$(xl dmesg | wc -c)" -lt 2000 ]'
check xl-vcpu-list eval 'xl vcpu-list 0 | grep -q "^Domain-0 .* 0 "'
check xentop eval '/usr/lib/xen-4.17/bin/xentop -b -i 1 | grep -q Domain-0'
check xl-uptime eval 'xl uptime | grep -q Domain-0'

truncate -s 64M /tmp/file.img /tmp/pv.img
volume() {
	modprobe dm-mod
	loop=$(losetup -f --show /tmp/pv.img) && pvcreate -qq "$loop" && vgcreate -qq vg0 "$loop" &&
		lvcreate -qq -y -Wn -Zn -L 32M -n disk vg0 && ls /dev/vg0/disk
}
check lvm-volume volume

create() {
	guest one 'memory = 256' 'maxmem = 320' 'vcpus = 2' 'cmdline = "console=hvc0 guest.ip=10.0.2.21/24 guest.ping=10.0.2.15,10.0.2.2 guest.tick"' \
		'disk = [ "format=raw,vdev=xvda,access=rw,target=/tmp/file.img", "format=raw,vdev=xvdb,access=rw,target=/dev/vg0/disk" ]' \
		'vif = [ "bridge=xenbr0" ]'
}
check xl-create create
check guest-up within 120 says one 'GUEST up: .* cpus=2 .* type=PVH'
check guest-ready within 60 says one 'GUEST ready'
check guest-disk-file says one 'GUEST disk xvda ok'
check guest-disk-lvm says one 'GUEST disk xvdb ok'
check guest-ping-bridge says one 'GUEST ping ok: 10.0.2.15'
check guest-ping-uplink says one 'GUEST ping ok: 10.0.2.2$'
check ping-to-guest ping -q -c 3 -W 3 10.0.2.21
check disk-has-data eval '! cmp -s -n 1048576 -i 1048576 /tmp/file.img /dev/zero'
check list-shows-guest eval 'xl list | grep -q "^one .* 2  "'
check vcpu-list-guest eval '[ "$(xl vcpu-list one | grep -c "^one ")" = 2 ]'
check xenstore-guest eval '[ "$(xenstore-read /local/domain/$(xl domid one)/name)" = one ]'

type_console() {
	# the shell there answers to a line typed at it; xl listens to a terminal only, so it gets one
	(sleep 3; printf 'echo TYPED-$((40 + 2))\r'; sleep 6) | timeout 20 script -qfc 'xl console one' /out/typed.txt > /dev/null 2>&1
	grep -q TYPED-42 /out/typed.txt || { tail -n 3 /out/typed.txt; return 1; }
}
check xl-console type_console

paused() {
	xl pause one && sleep 1 && state one | grep -q '^--p' && ! ticking one 3 && xl unpause one && ticking one 5
}
check pause-unpause paused

balloon() {
	xl mem-set one 160 && within 30 eval '[ "$(memory one)" -le 161 ]' || { echo "down: $(memory one) MiB"; return 1; }
	xl mem-set one 256 && within 30 eval '[ "$(memory one)" -ge 255 ]' || { echo "up: $(memory one) MiB"; return 1; }
	ticking one 4
}
check mem-set-down-up balloon
check mem-max eval 'xl mem-max one 280 && ticking one 4'

credit2() {
	xl sched-credit2 | grep -q '^one ' || return
	xl sched-credit2 -d one -w 512 -c 80 || return
	xl sched-credit2 -d one | grep -q ' 512  *80' || return
	xl sched-credit2 -d one -w 256 -c 0 && xl sched-credit2 -d one | grep -q ' 256  *0'
}
check sched-credit2 credit2
check sched-credit2-bad-weight eval '! xl sched-credit2 -d one -w 0'

# with a single CPU "0" is all there is, and shown as "all"
pin() {
	local shown=0
	[ "$(xl info | awk '$1 == "nr_cpus" { print $3 }')" != 1 ] || shown=all
	xl vcpu-pin one 0 0 || return
	xl vcpu-list one | awk '$3 == 0 { print $7 }' | grep -qx "$shown" || { xl vcpu-list one; return 1; }
	xl vcpu-pin one all all all || return
	xl vcpu-list one | awk '$3 == 0' | grep -q 'all / all' && ticking one 4
}
check vcpu-pin pin
check vcpu-pin-bad-vcpu eval '! xl vcpu-pin one 99 0'

trigger() { xl sysrq one h && within 10 says one 'sysrq: HELP'; }
check xl-sysrq trigger

rebooted() {
	local before
	before=$(xl domid one)
	console one > /out/one-first-life.txt
	: > /var/log/xen/console/guest-one.log
	xl reboot one && within 60 eval '[ "$(xl domid one 2>/dev/null || echo '"$before"')" != '"$before"' ]' &&
		within 120 says one 'GUEST ready'
}
check xl-reboot rebooted
check disk-after-reboot says one 'GUEST disk xvda ok'

check xl-shutdown eval 'xl shutdown -w one && within 30 gone one'
check loop-released within 20 eval '! losetup -a | grep -q file.img'
check vif-removed within 20 eval '! ls /sys/class/net | grep -q ^vif'

# the stock compressed kernel, and a violent end
stock() {
	guest two 'kernel = "/var/lib/mullion/vmlinuz"' 'memory = 160' 'vcpus = 1' 'cmdline = "console=hvc0"' &&
		within 120 says two 'GUEST ready'
}
check stock-vmlinuz stock
check xl-destroy eval 'xl destroy two && within 20 gone two'
check destroyed-not-listed eval '! xl list | grep -q two'
check xenstore-clean eval '! xenstore-ls -f /local/domain | grep -q "^/local/domain/[1-9]"'

# a guest that cannot be built leaves nothing behind
before=$(free_memory)
check refuses-too-big eval '! guest big "memory = 999999" "vcpus = 1" && gone big'
check refuses-bad-kernel eval '! guest junk "memory = 64" "kernel = \"/etc/passwd\"" && gone junk'
check failures-keep-memory within 20 eval "[ \$(free_memory) -ge $before ]"
# state "-----d" or "---s--" of a zombie would show here
check only-dom0-left eval '[ "$(xl list | wc -l)" = 2 ]'
