# SPDX-License-Identifier: GPL-2.0-or-later
# A device that does DMA where it is told: into its owner's memory it works, into the hypervisor's it faults.
# Where that is, the hypervisor says at its start. The files "iommu" and "remap" say of which kind the machine's IOMMU
# is, and whether interrupts are remapped: "off" shows that a forged message does arrive then, so the test can see one.
. ./lib.sh
device=$(lspci -Dn -d 1234:11e8 | awk '{ print $1; exit }')
[ -n "$device" ] || { bad edu-present "no edu device"; exit; }
echo 1 > "/sys/bus/pci/devices/$device/enable"
setpci -s "$device" COMMAND=0x6
check edu-own-memory ./edu-dma "/sys/bus/pci/devices/$device/resource0" own
target=$(xl dmesg | sed -n -e 's/.*New Xen image base address: *//p' \
	-e "s/.*the hypervisor's image moved to */0x/p" | tail -n 1)
[ -n "$target" ] || { bad edu-target "the hypervisor does not say where it is"; exit; }
xl dmesg -c > /out/dmesg-before.txt
./edu-dma "/sys/bus/pci/devices/$device/resource0" write "$target"
sleep 2
xl dmesg > /out/dmesg-fault.txt
short=${device#0000:}
digits=$(printf '%x' $((target)))
# QEMU 7.2's amd-iommu refuses without a record; what it leaves is a bit in its PCI status, which names no device
logged() {
	if [ "$(cat iommu)" = amd ]; then
		grep -q 'IOMMU fault: .*refused DMA' /out/dmesg-fault.txt && return
	fi
	grep -i fault /out/dmesg-fault.txt | grep -F "$short" | grep -qi "0*${digits%???}"
}
if [ "$(cat iommu)" = amd ] && ! grep -q Mullion /out/dmesg-before.txt; then
	result "skip - boot edu-fault-logged: real Xen has nothing to log with QEMU's amd-iommu"
else
	check edu-fault-logged logged
fi
say "edu target $target: $(grep -i fault /out/dmesg-fault.txt | head -n 1)"
# the runner looks at the machine's memory from outside while this sleeps
sleep 6
check edu-still-alive eval 'xl info > /dev/null && xl dmesg > /dev/null'
check edu-own-memory-after ./edu-dma "/sys/bus/pci/devices/$device/resource0" own

# Interrupt messages that the device makes up. A plain one names a vector, here one that nobody has: should it arrive,
# Mullion says so. VT-d's name a place in a table, here one that is free: QEMU says that it was refused, which the runner
# looks for. QEMU 7.2 tells its IOMMUs no requester for what edu writes and takes it for the IO-APIC's; its intel-iommu
# lets plain messages pass whatever it is told. So that each device has places of its own is the unit tests' to show.
nobody() { xl dmesg | grep -c 'interrupt on vector 0xdf that nobody uses'; }
address=0xfee00000
[ "$(cat iommu)$(cat remap)" = intelon ] && address=$((0xfee00010 + (900 << 5)))
lines() { grep IO-APIC /proc/interrupts; }
before=$(lines)
./edu-dma "/sys/bus/pci/devices/$device/resource0" message $address 0xdf
sleep 1
xl dmesg > /out/dmesg-forged.txt
if [ "$(cat remap)" = on ]; then
	check edu-forged-interrupt-refused eval '[ "$(nobody)" = 0 ] && [ "$(lines)" = "$before" ]'
else
	check edu-forged-interrupt-arrives eval '[ "$(nobody)" -gt 0 ]'
fi
