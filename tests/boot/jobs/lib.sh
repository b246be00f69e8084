# SPDX-License-Identifier: GPL-2.0-or-later
# What the jobs share. A check prints one line, "ok - boot NAME" or "not ok - boot NAME: reason", to /out/results
# and to the console; the runner reads the file.
set -u
export LC_ALL=C
# all times are multiplied by it (tests/boot/run --patience)
patience=$(cat patience 2> /dev/null || echo 1)

result() {
	echo "$1" >> /out/results
	echo "MULLION $1"
}
ok() { result "ok - boot $1"; }
bad() { result "not ok - boot $1: $2"; }

# check NAME COMMAND...: the command's success is the verdict, its last output line the reason of a failure
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$name"
	else
		bad "$name" "$(echo "$output" | grep -v '^$' | tail -n 1 | cut -c1-200) (status of: $*)"
	fi
}

# within SECONDS COMMAND...: repeat until it succeeds
within() {
	local end=$((SECONDS + $1 * patience))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.3
	done
}

# The stock start script, and a bridge with the machine's network card in it.
toolstack() {
	# without the qemu of domain 0, which serves disks to the service VM itself and takes seconds to start
	sed 's|^QEMU=.*|QEMU=/none|' /etc/init.d/xen > /tmp/xen-start
	sh /tmp/xen-start start
	within 30 xl list || return 1
	ip link add xenbr0 type bridge
	ip link set xenbr0 up
	modprobe e1000e
	modprobe virtio_net
	within 10 uplink || return 0
	ip link set "$(uplink)" master xenbr0 up
	ip addr add 10.0.2.15/24 dev xenbr0
}
uplink() {
	local card
	for card in /sys/class/net/*; do
		[ -e "$card/device" ] && [ ! -e "$card/bridge" ] && echo "${card##*/}" && return 0
	done
	return 1
}

# guest NAME KEY=VALUE...: write NAME.cfg and create it. Values are written as given, so quote strings.
guest() {
	local name=$1 line
	shift
	{
		echo 'type = "pvh"'
		echo "name = \"$name\""
		echo 'kernel = "/var/lib/mullion/vmlinux"'
		echo 'ramdisk = "/var/lib/mullion/guest.initrd"'
		for line in "$@"; do
			echo "$line"
		done
	} > "$name.cfg"
	timeout $((120 * patience)) xl create -q "$name.cfg"
}

console() { tr -d '\r' < "/var/log/xen/console/guest-$1.log"; }
says() { console "$1" | grep -q -- "$2"; }
gone() { ! xl domid "$1" > /dev/null 2>&1; }
state() { xl list "$1" | awk 'NR == 2 { print $5 }'; }
# memory NAME: MiB that xl list shows
memory() { xl list "$1" | awk 'NR == 2 { print $3 }'; }
free_memory() { xl info | awk '$1 == "free_memory" { print $3 }'; }
# the hypervisor's free frames, when nothing changes them any more
settled_frames() {
	local now last=
	now=$(./free-pages)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$now" != "$last" ] || break
		last=$now
		sleep 1
		now=$(./free-pages)
	done
	echo "$now"
}
# frames_back COUNT: they are COUNT again soon, exactly
frames_back() {
	within 20 eval '[ "$(./free-pages)" = '"$1"' ]' || { echo "$1 frames were free, now $(./free-pages)"; return 1; }
}
# a guest's last tick, and whether it goes on
ticks() { console "$1" | grep -c 'GUEST tick'; }
ticking() {
	local before
	before=$(ticks "$1")
	sleep "${2:-3}"
	[ "$(ticks "$1")" -gt "$before" ]
}
