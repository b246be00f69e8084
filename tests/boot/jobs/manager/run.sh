# SPDX-License-Identifier: GPL-2.0-or-later
# The manager on a real hypervisor with the stock libxl: all that a VM goes through, through mullion and so through
# D-Bus, and the manager's own death in the middle of it. The programs come with the job.
. ./lib.sh
check toolstack toolstack

export DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/bus
state=/tmp/mgr kernel=/var/lib/mullion/vmlinux initrd=/var/lib/mullion/guest.initrd
mullion() { timeout $((300 * patience)) ./mullion --session --quiet "$@"; }
start_manager() {
	./mulliond --session --state $state --run /run/mgr >> /out/mulliond.log 2>&1 &
	echo $! > /tmp/manager.pid # a check is a subshell: variables stay in it
	within 60 mullion list
}
kill_manager() {
	kill -9 "$(cat /tmp/manager.pid)"
	within 20 eval '! mullion list'
}
property() { mullion info "$1" | sed -n "s/^$2: //p"; }
# is NAME STATE
is() { [ "$(property "$1" State)" = "$2" ] || { mullion info "$1" | grep -E 'State|EndReason' | xargs; return 1; }; }
id_of() { property "$1" DomainId; }
# listen NAME: what the guest says from now on, and the last that it has said, until it ends
listen() {
	# all of it with files of its own: a check waits until nobody has its output open
	(sleep 100000 | ./mullion --session console "$1") > "/out/console-$1" 2>&1 &
}
heard() { tr -d '\r' < "/out/console-$1" | grep -q -- "$2"; }
hears() { within 150 heard "$1" "$2" || { echo "'$2' is not in:" "$(tr -d '\r' < "/out/console-$1" | tail -n 2 | xargs)"; return 1; }; }
# boot NAME: from off to the end of what the guest does at its start
boot() { mullion start "$1" && is "$1" running && listen "$1" && hears "$1" 'GUEST ready'; }
# end NAME
end() { mullion shutdown "$1" && is "$1" stopped && gone "$1"; }
# refused WORDS COMMAND...: it fails, and says so with these words
refused() {
	local words=$1 said
	shift
	said=$("$@" 2>&1) && { echo "not refused: $*"; return 1; }
	[[ $said == *$words* ]] || { echo "$said"; return 1; }
}

dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --nopidfile
./polkit-yes & polkit=$!
check manager-starts start_manager
check manager-host eval 'mullion host | grep -q "\"cpu-count\": [1-9]"'
check manager-log eval 'mullion log | grep -q .'
check manager-network eval 'mullion create-network lan mode=bridge bridge=xenbr0 && mullion networks | grep -q default'

# --- one: a raw disk, and an address of the network that the manager makes
check manager-create mullion create one memory=160 vcpus=1 kernel=$kernel initrd=$initrd disk=format=raw,create-size=32M \
	"cmdline=console=hvc0 guest.ip=dhcp guest.ping=gateway guest.mark=one guest.tick" nic=network=default
check manager-check mullion check kernel=$kernel
check manager-start boot one
check manager-xl-sees-it eval '[ "$(xl domid one)" = "$(id_of one)" ]'
check manager-guest-disk hears one 'GUEST disk xvda ok'
check manager-guest-lease hears one 'GUEST lease ok: 10\.'
check manager-guest-ping hears one 'GUEST ping ok: 10\.'
check manager-lease-told eval 'mullion leases default | grep -q "00:16:3e.*10\."'
counted() {
	local what said
	said=$(mullion statistics | sed 's|.*/vm/||')
	for what in cpu-time memory disk-read disk-written net-received net-sent; do
		grep -q "\"$what\": [1-9]" <<< "$said" || { echo "no $what: $said"; return 1; }
	done
}
check manager-statistics counted
check manager-console-typed eval '{ echo "echo typed \$((6 * 7))"; sleep 3; } | timeout 10 ./mullion --session console one > /dev/null; hears one "^typed 42"'
paused() {
	local before
	mullion pause one && is one paused && xl list one | grep -q ' --p' || return
	before=$(grep -c tick /out/console-one)
	sleep 3
	[ "$(grep -c tick /out/console-one)" -le $((before + 1)) ] || { echo "a paused guest goes on"; return 1; }
	mullion unpause one && is one running && within 30 eval "[ \$(grep -c tick /out/console-one) -gt $((before + 1)) ]"
}
check manager-pause paused

adopted() {
	local before
	before=$(id_of one)
	kill_manager
	start_manager && is one running && [ "$(id_of one)" = "$before" ] && listen one
}
check manager-killed-adopts adopted
check manager-killed-console hears one 'GUEST tick'
check manager-killed-network eval 'mullion leases default | grep -q "10\."'

rebooted() {
	local before
	before=$(id_of one)
	mullion reboot one && is one running && [ "$(id_of one)" != "$before" ] && listen one && hears one 'GUEST ready'
}
check manager-reboot rebooted
check manager-disk-kept hears one 'GUEST mark was: one'

check manager-save eval 'mullion save one && is one saved && gone one && [ -s $state/saved/*.save ]'
restored() { mullion start one && is one running && [ -z "$(ls $state/saved)" ] && listen one && hears one 'GUEST tick'; }
check manager-restore restored
check manager-restored-is-not-booted eval '! heard one "GUEST up"'
check manager-shutdown end one
check manager-end-reason eval '[ "$(property one EndReason)" = shutdown ]'

# --- two: a qcow2 disk, which a qemu serves; snapshots, copies of both kinds, throw-away VMs
check manager-create-qcow2 mullion create two memory=128 vcpus=1 kernel=$kernel initrd=$initrd \
	"cmdline=console=hvc0 guest.mark=first" disk=format=qcow2,create-size=32M
check manager-start-qcow2 boot two
check manager-qcow2-disk hears two 'GUEST disk xvda ok'
check manager-snapshot-refused refused 'two' mullion snapshot two early
check manager-shutdown-qcow2 end two
check manager-snapshot eval 'mullion snapshot two early && mullion set two "cmdline=console=hvc0 guest.mark=second"'
check manager-start-again eval 'boot two && hears two "GUEST mark was: first"'
check manager-force-off eval 'mullion force-off two && is two stopped && gone two && [ "$(property two EndReason)" = forced ]'
check manager-no-qemu-left within 20 eval '! pgrep -f "xen-domid [1-9]"'
check manager-revert mullion revert two early
check manager-clone eval 'mullion clone two three && mullion set three "cmdline=console=hvc0 guest.mark=third"'
check manager-clone-runs eval 'boot three && hears three "GUEST mark was: first"'
check manager-clone-off mullion force-off three
check manager-linked-clone eval 'mullion clone two four --linked && mullion set four "cmdline=console=hvc0 guest.mark=fourth"'
check manager-linked-clone-runs eval 'boot four && hears four "GUEST mark was: first"'
check manager-base-stays refused 'four' mullion start two
check manager-linked-clone-deleted eval 'end four && mullion delete four && mullion delete three'

thrown_away() {
	local name
	name=$(mullion throw-away two) && listen "$name" && hears "$name" 'GUEST ready' && heard "$name" 'GUEST mark was: first' || return
	[ "$(property "$name" ThrowAway)" = true ] && [ "$(ls $state/disks | wc -l)" = 3 ] || return
	mullion shutdown "$name" && gone "$name" && ! mullion info "$name" 2> /dev/null && [ "$(ls $state/disks | wc -l)" = 2 ]
}
check manager-throw-away thrown_away
powers_off_itself() {
	local name
	name=$(mullion throw-away two) && listen "$name" && hears "$name" 'GUEST ready' && heard "$name" 'GUEST mark was: first' || return
	{ echo 'poweroff -f'; sleep 3; } | timeout 10 ./mullion --session console "$name" > /dev/null
	within 30 eval "! mullion info $name" && gone "$name" && [ "$(ls $state/disks | wc -l)" = 2 ]
}
check manager-throw-away-by-itself powers_off_itself

# --- what goes wrong
killed_in_start() {
	mullion start two & local client=$!
	within 60 xl domid two || return
	kill_manager
	wait $client
	start_manager && if gone two; then is two stopped; else is two running; fi
}
check manager-killed-in-start killed_in_start
cancelled() {
	local job
	mullion force-off two > /dev/null 2>&1
	mullion start two & local client=$!
	within 60 eval 'mullion jobs | grep -q "start .*running"' || return
	job=$(mullion jobs | sed -n 's/ *start .*running.*//p' | tail -n 1)
	mullion cancel "$job" || { wait $client; mullion force-off two; return; }
	! wait $client && within 30 gone two && is two stopped
}
check manager-cancelled-start cancelled
check manager-too-big eval 'mullion set two memory=999999 && refused "MiB are free" mullion start two && mullion set two memory=128'
bad_kernel() {
	local from=$SECONDS
	printf '\177ELFnonsense' > $state/images/bad
	mullion set two kernel=$state/images/bad initrd= || return
	refused 'Invalid kernel' mullion start two && is two stopped && gone two || return
	[ $((SECONDS - from)) -lt $((20 * patience)) ] || { echo "told after $((SECONDS - from)) s"; return 1; }
}
check manager-bad-kernel bad_kernel

check manager-disk-has-data eval '! cmp -s -n 1048576 $state/disks/*/xvda.raw /dev/zero'
check manager-delete eval 'mullion delete one && mullion delete two && [ -z "$(ls $state/disks $state/saved $state/journal | grep -v :)" ]'
check manager-loop-released within 20 eval '! losetup -a | grep -q xvda.raw'
check manager-stop-network eval 'mullion stop-network default && ! pgrep dnsmasq'
check manager-ends eval 'kill "$(cat /tmp/manager.pid)" && within 20 eval "! mullion list"'
check manager-only-dom0-left eval '[ "$(xl list | wc -l)" = 2 ]'
kill $polkit
