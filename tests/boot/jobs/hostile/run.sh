# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that means harm (tests/guests/hostile.c), started by the stock tools: the service VM goes on unharmed, and
# no frame is lost. The file "count" says how many calls, "seeds" with which seeds, one guest after the other.
. ./lib.sh
check toolstack toolstack
count=$(cat count)
printf 'type = "pvh"\nname = "tiny"\nmemory = 16\nkernel = "/job/tiny.elf"\n' > tiny.cfg
tiny() { timeout 60 xl create -q tiny.cfg && timeout 60 xl destroy tiny; }
# hostile SEED CALLS
hostile() {
	{
		printf 'type = "pvh"\nname = "hostile"\nmemory = 64\nkernel = "/job/hostile.elf"\n'
		echo "cmdline = \"domu count=$2 seed=$1\""
		# its console may be one of the things that it broke: it stays, to be looked at
		printf 'on_poweroff = "preserve"\non_crash = "preserve"\non_reboot = "preserve"\non_watchdog = "preserve"\n'
	} > hostile.cfg
	rm -f /var/log/xen/console/guest-hostile.log
	timeout 60 xl create -q hostile.cfg
}
ended() { state hostile | grep -q '^...s'; }
verdict() { { xl dmesg; console hostile; } | grep -a -o 'VERDICT hostile.*' | tail -n 1; }

# What the service VM does meanwhile: its disk, the tools, xenstored, the network.
unharmed() {
	dd if=/dev/urandom of=/tmp/noise bs=64k count=16 status=none && cp /tmp/noise /root/noise && sync /root/noise &&
		echo 3 > /proc/sys/vm/drop_caches && cmp /tmp/noise /root/noise || { echo "disk"; return 1; }
	xl info > /dev/null || { echo "xl info"; return 1; }
	[ "$(xl list | wc -l)" = "$1" ] || { echo "xl list"; return 1; }
	xenstore-write /mullion "$2" && [ "$(xenstore-read /mullion)" = "$2" ] || { echo "xenstore"; return 1; }
	ping -q -c 1 -W 5 10.0.2.2 > /dev/null || { echo "network"; return 1; }
}

# one of each settles what is allocated once
tiny
hostile 1000 500
within 120 ended
xl destroy hostile
before=$(settled_frames)
for seed in $(cat seeds); do
	xl dmesg -c > "/out/dmesg-before-$seed.txt"
	check hostile-create-$seed hostile "$seed" "$count"
	# at work by the first line that it prints
	within 60 eval '{ xl dmesg; console hostile; } | grep -aq "hostile: count"'
	check service-vm-during-$seed unharmed 3 "during-$seed"
	check hostile-ends-$seed within "$(cat limit)" ended
	text=$(verdict)
	say "seed $seed: ${text:-no verdict}; $(xl list hostile | tail -n 1)"
	# a domain may bring itself to an end, never report a failure
	check hostile-verdict-$seed eval "echo '${text:-no verdict}' | grep -q 'VERDICT hostile PASS' || { echo '$text'; false; }"
	cp /var/log/xen/console/guest-hostile.log "/out/hostile-$seed.log"
	xl dmesg > "/out/dmesg-$seed.txt"
	check hostile-destroy-$seed eval 'xl destroy hostile && within 20 gone hostile'
	check service-vm-after-$seed unharmed 2 "after-$seed"
	check no-frame-lost-$seed frames_back "$before"
done
check guest-after tiny
check no-frame-lost-at-all frames_back "$before"
say "free frames: before $before, after $(./free-pages)"
