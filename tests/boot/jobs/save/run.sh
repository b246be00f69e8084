# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that keeps changing its memory and disk, and watches both and its clocks, is saved, restored, saved while it
# goes on, and moved live to this same machine (the stock tools over a pipe).
. ./lib.sh
check toolstack toolstack
truncate -s 64M /tmp/disk.img
cat /var/lib/mullion/guest.initrd hammer.cpio > /tmp/hammer.initrd

create() {
	guest one 'memory = 128' 'vcpus = 2' 'ramdisk = "/tmp/hammer.initrd"' 'on_crash = "preserve"' \
		'cmdline = "console=hvc0 rdinit=/start guest.ip=10.0.2.21/24 guest.ping=10.0.2.15 guest.tick"' \
		'disk = [ "format=raw,vdev=xvda,access=rw,target=/tmp/disk.img" ]' 'vif = [ "bridge=xenbr0" ]'
}

# A guest on its way in has another name, and so has its log.
console() { cat /var/log/xen/console/guest-one.log /var/log/xen/console/guest-one--incoming.log 2>/dev/null | tr -d '\r'; }
# lines of the load
rounds() { console one | grep -c "GUEST hammer $1"; }
goes_on() {
	local what before
	for what in '0: ' '1: ' 'disk: '; do
		before=$(rounds "$what")
		within 120 eval '[ "$(rounds "'"$what"'")" -gt '"$before"' ]' || { echo "no more lines '$what'"; return 1; }
	done
}
right() { ! says one 'GUEST hammer BAD' || { console one | grep 'GUEST hammer BAD' | head -n 3; return 1; }; }
alive() { ticking one $((15 * patience)) && goes_on && ping -q -c 3 -W 5 10.0.2.21 && right; }
# seconds of the guest's own clock
uptime_of() { console one | sed -n 's/.*GUEST tick .* up=\([0-9]*\)\..*/\1/p' | tail -n 1; }

check save-create create
check save-guest-ready within 300 says one 'GUEST ready'
check save-load-runs alive
console one > /out/one-1.txt

before_domid=$(xl domid one)
before_uptime=$(uptime_of)
check save-save eval 'timeout $((300 * patience)) xl -vvv save one /tmp/one.save > /out/save.txt 2>&1'
check save-gone within 20 gone one
check save-image eval '[ "$(stat -c %s /tmp/one.save)" -gt 20000000 ]'
sleep 5
check save-restore eval 'timeout $((300 * patience)) xl -vvv restore /tmp/one.save > /out/restore.txt 2>&1'
check save-restored-other-domain eval '[ "$(xl domid one)" -gt "$before_domid" ]'
check save-restored-alive alive
check save-restored-vcpus eval '[ "$(xl vcpu-list one | grep -c "^one .* [r-][b-]- ")" = 2 ]'
check save-restored-clock-went-on eval '[ "$(uptime_of)" -ge "$before_uptime" ]'
console one > /out/one-2.txt
rm -f /tmp/one.save

check save-checkpoint eval 'timeout $((300 * patience)) xl save -c one /tmp/one.save > /out/checkpoint.txt 2>&1'
check save-checkpoint-alive alive
rm -f /tmp/one.save

# The first time with --debug: the receiver compares all memory with what the sender sends once more after the guest has
# stopped. What goes on may differ: the ring with xenstored; where late events are written (two vcpu_info, two control
# blocks, a page of event words); what backends still answer into (three rings, 16 pages of a disk request). The guest
# makes or asks for all of these anew. The load's own frames are thousands.
migrated() {
	local n=$1 debug= wrong
	[ "$n" != 1 ] || debug=--debug
	timeout $((400 * patience)) xl -vvv migrate $debug -s '' one 'xl migrate-receive' > "/out/migrate-$n.txt" 2>&1 || return
	[ "$n" = 1 ] || return 0
	grep -q 'Enabling verify mode' "/out/migrate-$n.txt" || { echo "no comparison was made"; return 1; }
	wrong=$(sed -n 's/.*verify pfn \(0x[0-9a-f]*\) failed.*/\1/p' "/out/migrate-$n.txt" | grep -v 0xfeff | xargs)
	echo "$wrong" > "/out/differ-$n.txt"
	[ "$(echo "$wrong" | wc -w)" -le 24 ] || { echo "frames differ: $wrong"; return 1; }
}
for n in 1 2; do
	before_domid=$(xl domid one)
	before_uptime=$(uptime_of)
	check save-migrate-$n migrated $n
	check save-migrate-$n-other-domain eval '[ "$(xl domid one)" -gt "$before_domid" ]'
	check save-migrate-$n-alive alive
	check save-migrate-$n-clock-went-on eval '[ "$(uptime_of)" -ge "$before_uptime" ]'
	check save-migrate-$n-only-one eval '[ "$(xl list | wc -l)" = 3 ]'
	console one > "/out/one-migrated-$n.txt"
done
check save-shutdown eval 'timeout $((120 * patience)) xl shutdown -w one && within 30 gone one'
check save-only-dom0-left eval '[ "$(xl list | wc -l)" = 2 ]'
xl dmesg > /out/xl-dmesg.txt
