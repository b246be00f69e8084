/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables of both versions. */
#include "guest.h"

#define FRAMES_MAX	16
#define STATUS_PER_PAGE (PAGE_SIZE / sizeof(grant_status_t))

grant_entry_v1_t *grant_v1;
union grant_entry_v2 *grant_v2;
grant_status_t *grant_status;
static unsigned version_in_use;

long grant_op(int cmd, void *arg, unsigned count)
{
	return HC(grant_table_op, cmd, arg, count);
}

static void map_frame(void *page, uint64_t idx)
{
	struct xen_add_to_physmap a = {
	    .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .idx = idx, .gpfn = PFN(page)};

	CHECK_EQ(HC(memory_op, XENMEM_add_to_physmap, &a), 0);
}

void grants_init(unsigned version, unsigned frames)
{
	struct gnttab_set_version v = {.version = version};
	char *table, *status;
	unsigned i, status_pages;

	CHECK_EQ(grant_op(GNTTABOP_set_version, &v, 1), 0);
	table = alloc_pages(frames);
	for (i = 0; i < frames; i++) {
		map_frame(table + i * PAGE_SIZE, i);
	}
	grant_v1 = (void *)table;
	grant_v2 = (void *)table;
	version_in_use = version;
	if (version == 1) {
		return;
	}
	status_pages =
	    (frames * PAGE_SIZE / sizeof(*grant_v2) + STATUS_PER_PAGE - 1) / STATUS_PER_PAGE;
	status = alloc_pages(status_pages);
	for (i = 0; i < status_pages; i++) {
		map_frame(status + i * PAGE_SIZE, i | XENMAPIDX_grant_table_status);
	}
	grant_status = (void *)status;
}

void grant_give(grant_ref_t ref, domid_t to, const void *page, uint16_t extra_flags)
{
	if (version_in_use == 1) {
		grant_v1[ref].domid = to;
		grant_v1[ref].frame = PFN(page);
		barrier();
		grant_v1[ref].flags = GTF_permit_access | extra_flags;
	} else {
		grant_v2[ref].hdr.domid = to;
		grant_v2[ref].full_page.frame = PFN(page);
		barrier();
		grant_v2[ref].hdr.flags = GTF_permit_access | extra_flags;
	}
	barrier();
}

void grant_end(grant_ref_t ref)
{
	if (version_in_use == 1) {
		grant_v1[ref].flags = 0;
	} else {
		grant_v2[ref].hdr.flags = 0;
	}
	barrier();
}

int grant_map(domid_t dom, grant_ref_t ref, uint32_t flags, uint64_t gpa, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref m = {.host_addr = gpa, .flags = flags, .ref = ref, .dom = dom};

	CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	*handle = m.handle;
	return m.status;
}

int grant_unmap(uint64_t gpa, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref u = {.host_addr = gpa, .handle = handle};

	CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	return u.status;
}
