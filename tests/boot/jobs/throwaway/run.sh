# SPDX-License-Identifier: GPL-2.0-or-later
# Where the time goes between the wish for a throw-away VM and what its guest first says: figures, nothing that could pass
# or fail by them. Started paused, so that what is ours and what is the guest's kernel's do not overlap.
. ./lib.sh
check toolstack toolstack
export DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/bus
state=/tmp/mgr kernel=/var/lib/mullion/vmlinux initrd=/var/lib/mullion/guest.initrd
mullion() { ./mullion --session --quiet "$@"; }
now() { echo "${EPOCHREALTIME/./}"; }
# row WORDS MICROSECONDS
row() { printf '%8s ms  %s\n' "$(($2 / 1000))" "$1" >> /out/breakdown; }
dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --nopidfile
./polkit-yes & polkit=$!

start_manager() {
	G_MESSAGES_DEBUG=$1 ./mulliond --session --state $state --run /run/mgr >> "/out/mulliond$1.log" 2>&1 & manager=$!
	within 60 mullion list
}
# One VM from the wish to its end.
round() {
	local name=$1 from said first=
	echo "$name, from the call:" >> /out/breakdown
	from=$(now)
	said=$(mullion --json throw-away web "$name" --paused) || return
	row "in all until it stands, of that:" $(($(now) - from))
	grep -o '\["[a-z ]*", [0-9]*\]' <<< "$said" | tr -d '[]"' > /tmp/steps
	while IFS=, read -r step time; do
		row "    $step" "$time"
	done < /tmp/steps
	awk -F, '{ all += $2 } $1 != "domain" { ours += $2 }
		END { printf "%8.1f %%   of that is the manager itself, without libxl and the command\n", 100 * ours / all }' \
		/tmp/steps >> /out/breakdown
	# with no output of ours open: a check waits until nobody has
	coproc CONSOLE { exec ./mullion --session console "$name" 2> /dev/null; }
	from=$(now)
	mullion unpause "$name"
	row "unpause" $(($(now) - from))
	while IFS= read -r -t $((120 * patience)) -u "${CONSOLE[0]}" line; do
		[ -n "$first" ] || { first=1; row "first line of the guest, from the unpause (the guest's kernel)" $(($(now) - from)); }
		[[ $line != *"GUEST ready"* ]] || { row "its first program is through" $(($(now) - from)); break; }
	done
	mullion force-off "$name"
}
# The waits of 10 ms and more between two words of libxl's, longest first.
waits() {
	echo "libxl, what it was silent after, in the last one:" >> /out/breakdown
	sed -n 's/.*DEBUG: \([0-9]*\):\([0-9]*\):\([0-9]*\)\.\([0-9]*\): libxl: \(.*\)/\1 \2 \3 \4 \5/p' /out/mulliondall.log | awk '
		/create: how=/ { count = 0; before = ""; delete gap }
		{ at = (($1 * 60 + $2) * 60 + $3) * 1000 + $4; $1 = $2 = $3 = $4 = "" }
		before != "" && at - last >= 10 { gap[++count] = sprintf("%8d ms    %s", at - last, before) }
		{ last = at; before = substr($0, 5, 110) }
		/complete, rc=/ { exit }
		END { for (i = 1; i <= count; i++) print gap[i] }' | sort -rn | head -n 16 >> /out/breakdown
}

check manager-starts start_manager ""
check base mullion create web memory=160 vcpus=1 kernel=$kernel initrd=$initrd template=true \
	"cmdline=console=hvc0" disk=format=raw,create-size=32M nic=network=default
manager=$(pidof mulliond)
check throw-away-first round first
sed 's/^/MULLION | /' /out/breakdown
check throw-away-second round second
sed 's/^/MULLION | /' /out/breakdown
kill "$manager"
within 20 eval '! mullion list'
check manager-starts-again start_manager all
check throw-away-told round told
waits
sed 's/^/MULLION | /' /out/breakdown
kill "$(pidof mulliond)" $polkit
