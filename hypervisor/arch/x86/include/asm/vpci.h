/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Inside of the service VM's virtual PCI (arch/x86/vpci*.c). Everything of configuration space
 * passes through but MSI, MSI-X and what would move or multiply these.
 *
 * Locks: vpci->lock -> p2m->lock, ioremap's, interrupt remapping's, message->lock (interrupts off;
 * taken by the interrupt's handler).
 */
#include <asm/intr_remap.h>
#include <hv/addr.h>
#include <hv/spinlock.h>

struct domain;
struct vcpu;

/* A guest's message and the machine's vector behind it. */
struct vmsi_message {
	struct spinlock lock;		/* interrupts off: address and data together */
	struct domain *domain;
	uint64_t address;		/* as the guest wrote them */
	uint32_t data;
	uint8_t vector;			/* 0: none */
	uint8_t cpu;
	struct intr_slot slot;
	struct msi_message host;	/* what the device sends for it; while there is a vector */
};

struct vpci_msi {
	uint16_t cap;			/* 0: none */
	bool wide, maskable;
	bool enabled;
	struct vmsi_message message;
};

struct vmsix_entry {
	struct vmsi_message message;
	bool masked;
};

struct vpci_msix {
	uint16_t cap;			/* 0: none */
	uint16_t count;
	uint8_t bar;
	uint32_t offset;		/* of the table within the BAR */
	bool enabled, mask_all;
	struct vmsix_entry *entries;
	uint64_t table;			/* its address while trapped; 0: nowhere */
	unsigned int trapped;		/* of its pages */
	volatile char *map;		/* of the pages that hold it */
};

struct vpci_dev {
	struct vpci_dev *next;
	uint32_t sbdf;
	bool bridge;
	uint16_t sriov;			/* extended capability; 0: none */
	struct vpci_msi msi;
	struct vpci_msix msix;
};

#define VPCI_BUCKETS	128

struct vpci {
	struct spinlock lock;
	struct domain *domain;
	uint32_t cf8;
	unsigned int dev_count;
	struct vpci_dev *buckets[VPCI_BUCKETS];
};

/* PHYSDEVOP_pci_device_add and _remove. 0, -ENODEV, -ENOMEM. */
int vpci_add_device(struct domain *d, uint32_t sbdf);
int vpci_remove_device(struct domain *d, uint32_t sbdf);

/*
 * For the parts below: dw is the offset of an aligned word of configuration space, mask the
 * bytes of it that val writes. vpci->lock is held.
 */
void vmsi_init(struct vpci_dev *dev, struct domain *d);
void vmsi_destroy(struct vpci_dev *dev);
bool vmsi_covers(const struct vpci_dev *dev, unsigned int dw);
uint32_t vmsi_read(struct vpci_dev *dev, unsigned int dw);
void vmsi_write(struct vpci_dev *dev, unsigned int dw, uint32_t mask, uint32_t val);

void vmsix_init(struct vpci *p, struct vpci_dev *dev);
void vmsix_destroy(struct vpci *p, struct vpci_dev *dev);
bool vmsix_covers(const struct vpci_dev *dev, unsigned int dw);
uint32_t vmsix_read(struct vpci_dev *dev, unsigned int dw);
void vmsix_write(struct vpci_dev *dev, unsigned int dw, uint32_t mask, uint32_t val);
/* The command register or a BAR changed: traps the table where it is now. */
void vmsix_place(struct vpci *p, struct vpci_dev *dev);

/*
 * Messages. connect: gives the message a vector of the machine, near the vCPU that the guest chose;
 * false when there is none left. When it has one, it follows the guest's choice: m->host may have
 * changed, so the device must be told.
 */
void vmsi_message_init(struct vmsi_message *m, struct domain *d, uint32_t sbdf);
void vmsi_message_set(struct vmsi_message *m, uint64_t address, uint32_t data);
bool vmsi_message_connect(struct vmsi_message *m);
void vmsi_message_disconnect(struct vmsi_message *m);
