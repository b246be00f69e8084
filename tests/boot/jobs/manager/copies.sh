# SPDX-License-Identifier: GPL-2.0-or-later
# A qcow2 disk, which a qemu serves: snapshots, copies of both kinds, throw-away VMs. And what goes wrong.
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
	[ "$(property "$name" ThrowAway)" = true ] && [ "$(ls $state/disks | wc -l)" = 2 ] || return
	mullion shutdown "$name" && gone "$name" && ! mullion info "$name" 2> /dev/null && [ "$(ls $state/disks | wc -l)" = 1 ]
}
check manager-throw-away thrown_away
powers_off_itself() {
	local name
	name=$(mullion throw-away two) && listen "$name" && hears "$name" 'GUEST ready' && heard "$name" 'GUEST mark was: first' || return
	{ echo 'poweroff -f'; sleep 3; } | timeout 10 ./mullion --session console "$name" > /dev/null
	within 30 eval "! mullion info $name" && gone "$name" && [ "$(ls $state/disks | wc -l)" = 1 ]
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
check manager-delete-copied eval 'mullion delete two && [ -z "$(ls $state/disks $state/saved $state/journal | grep -v :)" ]'
