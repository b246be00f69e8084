/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages, the shared page, parameters. */
#include "guest.h"

void *alloc_pages(unsigned n)
{
	static uint64_t next, end;
	uint64_t p;

	if (!next) {
		ram_pool(&next, &end);
	}
	p = next;
	next += n * PAGE_SIZE;
	CHECK(next <= end, "the page pool is empty");
	return memset((void *)p, 0, n * PAGE_SIZE);
}

uint64_t free_gfn(void)
{
	xen_pfn_t gfn = PFN(alloc_pages(1));
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, &gfn);
	CHECK_EQ(HC(memory_op, XENMEM_decrease_reservation, &r), 1);
	return gfn;
}

struct shared_info *shared_info(void)
{
	static struct shared_info *page;
	struct xen_add_to_physmap a = {.domid = DOMID_SELF, .space = XENMAPSPACE_shared_info};

	if (!page) {
		void *p = alloc_pages(1);

		a.gpfn = PFN(p);
		CHECK_EQ(HC(memory_op, XENMEM_add_to_physmap, &a), 0);
		page = p;
	}
	return page;
}

long hvm_set_param(uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index, .value = value};

	return HC(hvm_op, HVMOP_set_param, &p);
}

long hvm_get_param(uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index};
	long rc = HC(hvm_op, HVMOP_get_param, &p);

	*value = p.value;
	return rc;
}
