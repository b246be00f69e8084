# SPDX-License-Identifier: GPL-2.0-or-later
# A device that does DMA where it is told: into its owner's memory it works, into the hypervisor's it faults.
# The file hv_address names a page of the hypervisor; real Xen says itself where it went.
. ./lib.sh
device=$(lspci -Dn -d 1234:11e8 | awk '{ print $1; exit }')
[ -n "$device" ] || { bad edu-present "no edu device"; exit; }
echo 1 > "/sys/bus/pci/devices/$device/enable"
setpci -s "$device" COMMAND=0x6
check edu-own-memory ./edu-dma "/sys/bus/pci/devices/$device/resource0" own
target=$(xl dmesg | sed -n 's/.*New Xen image base address: *//p' | tail -n 1)
target=${target:-$(cat hv_address)}
xl dmesg -c > /out/dmesg-before.txt
./edu-dma "/sys/bus/pci/devices/$device/resource0" write "$target"
sleep 2
xl dmesg > /out/dmesg-fault.txt
short=${device#0000:}
digits=$(printf '%x' $((target)))
check edu-fault-logged eval "grep -i fault /out/dmesg-fault.txt | grep -F '$short' | grep -qi '0*${digits%???}'"
say "edu target $target: $(grep -i fault /out/dmesg-fault.txt | head -n 1)"
# the runner looks at the machine's memory from outside while this sleeps
sleep 6
check edu-still-alive eval 'xl info > /dev/null && xl dmesg > /dev/null'
check edu-own-memory-after ./edu-dma "/sys/bus/pci/devices/$device/resource0" own
