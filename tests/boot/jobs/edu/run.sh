# SPDX-License-Identifier: GPL-2.0-or-later
# A device that does DMA where it is told: into its owner's memory it works, into the hypervisor's it faults.
# Where that is, the hypervisor says at its start. The file "iommu" says of which kind the machine's IOMMU is.
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
