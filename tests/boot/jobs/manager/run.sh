# SPDX-License-Identifier: GPL-2.0-or-later
# The manager on a real hypervisor with the stock libxl: the life of one VM through mullion, and the manager's own death in
# the middle of it. The programs, and the GLib that the image may not have, come with the job.
. ./lib.sh
check toolstack toolstack

export DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/bus
# by the loader, not by LD_LIBRARY_PATH: what mulliond runs is to see the image's own libraries
with_lib="/lib64/ld-linux-x86-64.so.2 --library-path /job/lib"
mullion() { timeout 300 $with_lib ./mullion --session --quiet "$@"; }
start_manager() {
	$with_lib ./mulliond --session --state /tmp/mgr --run /run/mgr >> /out/mulliond.log 2>&1 &
	echo $! > /tmp/manager.pid # a check is a subshell: variables stay in it
	within 60 mullion list
}
kill_manager() {
	kill -9 "$(cat /tmp/manager.pid)"
	within 20 eval '! mullion list'
}
# is NAME STATE
is() { [ "$(mullion info "$1" | sed -n 's/^State: //p')" = "$2" ] || { mullion info "$1"; return 1; }; }
id_of() { mullion info "$1" | sed -n 's/^DomainId: //p'; }
# what the guest wrote on its console so far
said() { { sleep 10; printf '\035'; } | timeout 60 $with_lib ./mullion --session console "$1" | tr -d '\r'; }
says() { said "$1" | grep -q -- "$2"; }

dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --nopidfile
$with_lib ./polkit-yes & polkit=$!
check manager-starts start_manager
check manager-host eval 'mullion host | grep -q "\"cpu-count\": [1-9]"'
check manager-log eval 'mullion log | grep -q .'
check manager-network eval 'mullion create-network lan mode=bridge bridge=xenbr0'

made() {
	mullion create one memory=160 vcpus=1 kernel=/var/lib/mullion/vmlinux initrd=/var/lib/mullion/guest.initrd \
		"cmdline=console=hvc0 guest.ip=10.0.2.21/24 guest.ping=10.0.2.15 guest.tick" \
		disk=format=raw,create-size=32M nic=network=lan
}
check manager-create made
check manager-check eval 'mullion check kernel=/var/lib/mullion/vmlinux'
check manager-start eval 'mullion start one && is one running'
check manager-xl-sees-it eval '[ "$(xl domid one)" = "$(id_of one)" ]'
check manager-guest-ready within 200 says one 'GUEST ready'
check manager-guest-disk says one 'GUEST disk xvda ok'
check manager-guest-ping says one 'GUEST ping ok: 10.0.2.15'
check manager-statistics eval 'mullion statistics | grep -q "\"cpu-time\": [1-9]"'
check manager-pause eval 'mullion pause one && is one paused && xl list one | grep -q " --p" && mullion unpause one && is one running'

adopted() {
	local before
	before=$(id_of one)
	kill_manager
	start_manager && is one running && [ "$(id_of one)" = "$before" ]
}
check manager-killed-adopts adopted
check manager-killed-console within 30 says one 'GUEST tick'

rebooted() {
	local before
	before=$(id_of one)
	mullion reboot one && is one running && [ "$(id_of one)" != "$before" ]
}
check manager-reboot rebooted
check manager-guest-ready-again within 200 says one 'GUEST ready'

saved() {
	mullion save one && is one saved && gone one && mullion start one && is one running && within 60 says one 'GUEST tick'
}
check manager-save-restore saved

killed_in_start() {
	mullion create two memory=128 vcpus=1 kernel=/var/lib/mullion/vmlinux initrd=/var/lib/mullion/guest.initrd cmdline=console=hvc0 || return
	mullion start two & local client=$!
	within 60 xl domid two || return
	kill_manager
	wait $client
	start_manager && if gone two; then is two stopped; else is two running; fi
}
check manager-killed-in-start killed_in_start

cancelled() {
	mullion force-off two > /dev/null 2>&1
	timeout 200 $with_lib ./mullion --session start two & local client=$!
	within 60 eval 'mullion jobs | grep -q "start .*running"' || return
	mullion cancel "$(mullion jobs | sed -n 's/ *start .*running.*//p' | tail -n 1)" || { wait $client; mullion force-off two; return; }
	! wait $client && within 30 gone two && is two stopped
}
check manager-cancelled-start cancelled
check manager-too-big eval '! mullion set two memory=999999 || ! mullion start two 2> /tmp/error && grep -q "MiB are free" /tmp/error'
bad_kernel() {
	printf '\177ELFnonsense' > /tmp/mgr/images/bad
	mullion set two memory=128 kernel=/tmp/mgr/images/bad initrd= || return
	! mullion start two 2> /out/bad-kernel.txt && is two stopped && gone two && grep -q two /out/bad-kernel.txt
}
check manager-bad-kernel bad_kernel
check manager-shutdown eval 'mullion shutdown one && is one stopped && gone one'
check manager-disk-has-data eval '! cmp -s -n 1048576 /tmp/mgr/disks/*/xvda.raw /dev/zero'
check manager-delete eval 'mullion delete one && mullion delete two && [ -z "$(ls /tmp/mgr/disks)" ]'
check manager-loop-released within 20 eval '! losetup -a | grep -q xvda.raw'
check manager-ends eval 'kill "$(cat /tmp/manager.pid)" && within 20 eval "! mullion list"'
check manager-only-dom0-left eval '[ "$(xl list | wc -l)" = 2 ]'
kill $polkit
