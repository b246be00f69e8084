/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt messages of devices. The plain format: Intel SDM vol. 3 ch. 10.11, AMD APM vol. 2 ch.
 * 16.7.
 */
#include <asm/intr_remap.h>
#include <asm/irq.h>

#define MSI_ADDRESS	0xfee00000UL

void msi_compose(uint8_t vector, unsigned int cpu, struct msi_message *out)
{
	/* Physical destination, fixed delivery, edge. */
	out->address = MSI_ADDRESS | (uint64_t)(apic_id_of_cpu(cpu) & 0xff) << 12;
	out->data = vector;
}

int msi_route(struct intr_slot *slot, uint8_t vector, unsigned int cpu, struct msi_message *out)
{
	if (intr_remap_on()) {
		return intr_remap_message(slot, vector, cpu, out);
	}
	msi_compose(vector, cpu, out);
	return 0;
}
