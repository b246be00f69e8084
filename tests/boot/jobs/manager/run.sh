# SPDX-License-Identifier: GPL-2.0-or-later
# The manager on a real hypervisor with the stock libxl: all that a VM goes through, through mullion and so through
# D-Bus, and the manager's own death in the middle of it. In two boots, life.sh and copies.sh: the file "part" says which.
# The programs come with the job.
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

. "./$(cat part).sh"

check manager-ends eval 'kill "$(cat /tmp/manager.pid)" && within 20 eval "! mullion list"'
check manager-only-dom0-left eval '[ "$(xl list | wc -l)" = 2 ]'
kill $polkit
