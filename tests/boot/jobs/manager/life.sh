# SPDX-License-Identifier: GPL-2.0-or-later
check manager-host eval 'mullion host | grep -q "\"cpu-count\": [1-9]"'
check manager-log eval 'mullion log | grep -q .'
check manager-network eval 'mullion create-network lan mode=bridge bridge=xenbr0 && mullion networks | grep -q default'

# --- one: a raw disk, and an address of the network that the manager makes
check manager-create mullion create one memory=160 vcpus=1 kernel=$kernel initrd=$initrd disk=format=raw,create-size=32M \
	"cmdline=console=hvc0 guest.ip=dhcp guest.ping=gateway,10.0.2.2 guest.mark=one guest.tick" nic=network=default
check manager-check mullion check kernel=$kernel
check manager-start boot one
check manager-xl-sees-it eval '[ "$(xl domid one)" = "$(id_of one)" ]'
check manager-guest-disk hears one 'GUEST disk xvda ok'
check manager-guest-lease hears one 'GUEST lease ok: 10\.'
check manager-guest-ping hears one 'GUEST ping ok: 10\.'
check manager-guest-nat hears one "GUEST ping ok: 10.0.2.2"
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
check manager-disk-has-data eval '! cmp -s -n 1048576 $state/disks/*/xvda.raw /dev/zero'
check manager-delete eval 'mullion delete one && [ -z "$(ls $state/disks $state/saved $state/journal | grep -v :)" ]'
check manager-loop-released within 20 eval '! losetup -a | grep -q xvda.raw'
check manager-stop-network eval 'mullion stop-network default && ! pgrep dnsmasq'
