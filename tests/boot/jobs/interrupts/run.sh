# SPDX-License-Identifier: GPL-2.0-or-later
# Interrupts of real devices, disk and network, arrive; as messages they follow the CPU that the kernel chooses. The file
# "kind" says how /proc/interrupts calls their controller: PCI-MSI, or IO-APIC when the kernel was told pci=nomsi.
. ./lib.sh
kind=$(cat kind)
cpus=$(grep -c ^processor /proc/cpuinfo)
# The root's: which letter it has is a matter of which disk answers first, and a small one would have nothing to read there.
root=$(awk '$2 == "/" { device = $1 } END { print device }' /proc/mounts)
disk() { [ "$(dd if="$root" bs=64k count=32 skip="$1" iflag=direct status=none | wc -c)" -eq $((32 * 65536)) ]; }
# count NAME [CPU]: interrupts of the named device, on all CPUs or on one
count() {
	awk -v name="$1" -v cpu="$2" -v cpus="$cpus" '$0 ~ name { for (i = 0; i < cpus; i++) if (cpu == "all" || cpu == i) n += $(i + 2) }
		END { print n + 0 }' /proc/interrupts
}
rises() {
	local before cpu=${3:-all}
	before=$(count "$1" "$cpu")
	$2 || { echo "no answer"; return 1; }
	[ "$(count "$1" "$cpu")" -gt "$before" ] || { echo "$1: still $before"; return 1; }
}
check interrupts-kind eval 'grep ahci /proc/interrupts | grep -q "$kind"'
check interrupts-disk rises ahci 'disk 0'
modprobe e1000e
within 10 uplink
udevadm settle		# its name changes
card=$(uplink)
ip link set "$card" up
ip addr add 10.0.2.15/24 dev "$card"
within 20 ping -q -c 1 -W 2 10.0.2.2
check interrupts-network rises "$card" 'ping -q -c 2 -W 5 10.0.2.2'
cat /proc/interrupts > /out/interrupts.txt
[ "$kind" = PCI-MSI ] || exit 0

# The kernel's choice takes effect at one of the next interrupts.
move() {
	local line cpu
	line=$(awk -F: '/ahci/ { print $1 + 0; exit }' /proc/interrupts)
	for cpu in 3 1 2 0; do
		echo $cpu > "/proc/irq/$line/smp_affinity_list" || { echo "CPU $cpu refused"; return 1; }
		within 20 rises ahci 'disk 200' $cpu || { echo "CPU $cpu: none"; return 1; }
	done
}
check interrupts-move move
cat /proc/interrupts > /out/interrupts-moved.txt
