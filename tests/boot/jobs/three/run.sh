# SPDX-License-Identifier: GPL-2.0-or-later
# Three guests keep every vCPU busy at once: each makes progress, and the service VM stays responsive.
. ./lib.sh
check toolstack toolstack
for n in 1 2 3; do
	truncate -s 64M /tmp/disk$n.img
	check create-busy$n guest busy$n 'memory = 128' 'vcpus = 1' \
		"cmdline = \"console=hvc0 guest.ip=10.0.2.3$n/24 guest.ping=10.0.2.15 guest.load guest.tick\"" \
		"disk = [ \"format=raw,vdev=xvda,access=rw,target=/tmp/disk$n.img\" ]" 'vif = [ "bridge=xenbr0" ]'
done
for n in 1 2 3; do
	check ready-busy$n within 180 says busy$n 'GUEST ready'
	check disk-busy$n says busy$n 'GUEST disk xvda ok'
	check ping-busy$n says busy$n 'GUEST ping ok: 10.0.2.15'
done

# How late a sleep of 10 ms returns, 300 times, while all three spin. The figures are for reading; what has to hold
# is that the service VM is not starved, whatever machine this runs on.
latency() {
	timeout 60 perl -MTime::HiRes=time,sleep -e '
		for (1 .. 300) { my $t = time; sleep 0.01; push @late, (time - $t - 0.01) * 1000 }
		@late = sort { $a <=> $b } @late;
		printf "late by (ms): median %.1f p95 %.1f max %.1f\n", @late[150, 285, 299]' > /out/latency.txt
}
check service-vm-responsive latency
say "$(cat /out/latency.txt)"

times() { xl list | awk '/^busy/ { print $6 }'; }
fair() {
	local before after
	before=$(times | xargs)
	sleep 20
	after=$(times | xargs)
	# equal weights: none gets less than a third of what the luckiest gets
	echo "$before $after" | awk '{ for (i = 1; i <= 3; i++) { d = $(i + 3) - $i; if (i == 1 || d < low) low = d; if (d > high) high = d }
		print "CPU seconds: least " low ", most " high; exit !(low > 0 && low * 3 >= high) }'
}
check equal-shares fair
for n in 1 2 3; do
	check goes-on-busy$n ticking busy$n 10
done
check shutdown-all eval 'xl shutdown -a -w && within 60 gone busy1 && gone busy2 && gone busy3'
