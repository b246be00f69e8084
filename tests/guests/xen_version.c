/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* xen_version: what each sub-operation answers with and how much of the buffer it fills. */
#include "guest.h"

static char buf[4096];

static unsigned filled(void)
{
	unsigned n = sizeof(buf);

	while (n && buf[n - 1] == (char)0xa5) {
		n--;
	}
	return n;
}

static long ask(unsigned cmd)
{
	memset(buf, 0xa5, sizeof(buf));
	return HC(xen_version, cmd, buf);
}

static void check_features(void)
{
	struct xen_feature_info f = {0};

	EXPECT_EQ(HC(xen_version, XENVER_get_features, &f), 0);
	EXPECT(f.submap >> XENFEAT_dom0 & 1, "not the initial domain");
	EXPECT(f.submap >> XENFEAT_auto_translated_physmap & 1, "%#x", f.submap);
	EXPECT(f.submap >> XENFEAT_memory_op_vnode_supported & 1, "%#x", f.submap);
	if (on_x86) {
		EXPECT(f.submap >> XENFEAT_hvm_callback_vector & 1, "%#x", f.submap);
		EXPECT(f.submap >> XENFEAT_hvm_safe_pvclock & 1, "%#x", f.submap);
		EXPECT(!(f.submap >> XENFEAT_hvm_pirqs & 1), "PVH has no pirqs: %#x", f.submap);
		EXPECT(f.submap >> XENFEAT_writable_page_tables & 1, "%#x", f.submap);
	} else {
		EXPECT(f.submap >> XENFEAT_ARM_SMCCC_supported & 1, "%#x", f.submap);
		EXPECT(f.submap >> XENFEAT_direct_mapped & 1, "%#x", f.submap);
		EXPECT(!(f.submap >> XENFEAT_not_direct_mapped & 1), "%#x", f.submap);
	}
	f.submap_idx = 1;
	EXPECT_EQ(HC(xen_version, XENVER_get_features, &f), -XEN_EINVAL);
}

void guest_main(void)
{
	EXPECT_EQ(ask(XENVER_version), 4 << 16 | 17);
	EXPECT_EQ(filled(), 0);
	EXPECT_EQ(ask(XENVER_extraversion), 0);
	EXPECT_EQ(filled(), sizeof(xen_extraversion_t));
	EXPECT_EQ(ask(XENVER_compile_info), 0);
	EXPECT_EQ(filled(), sizeof(xen_compile_info_t));
	EXPECT_EQ(ask(XENVER_capabilities), 0);
	EXPECT_EQ(filled(), sizeof(xen_capabilities_info_t));
	EXPECT(!strncmp(buf, CAPABILITIES, strlen(CAPABILITIES)) ||
		   !strncmp(buf, "hvm-3.0-x86_32 ", 15),
	       "%s", buf);
	EXPECT_EQ(ask(XENVER_changeset), 0);
	EXPECT_EQ(filled(), sizeof(xen_changeset_info_t));
	EXPECT_EQ(ask(XENVER_platform_parameters), 0);
	EXPECT_EQ(filled(), sizeof(xen_platform_parameters_t));
	check_features();
	EXPECT_EQ(HC(xen_version, XENVER_pagesize, 0), 4096);
	EXPECT_EQ(ask(XENVER_pagesize), -XEN_EINVAL);
	EXPECT_EQ(ask(XENVER_guest_handle), 0);
	EXPECT_EQ(filled(), sizeof(xen_domain_handle_t));
	EXPECT_EQ(ask(XENVER_commandline), 0);
	EXPECT_EQ(filled(), sizeof(xen_commandline_t));
	EXPECT(strlen(buf) > 10, "command line: %s", buf);
	EXPECT(HC(xen_version, XENVER_build_id, 0) >= 0, "size of the build id");
	EXPECT_EQ(ask(11), -XEN_ENOSYS);
	EXPECT_EQ(ask(~0u), -XEN_ENOSYS);
	EXPECT_EQ(HC(xen_version, XENVER_extraversion, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(xen_version, XENVER_get_features, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(xen_version, XENVER_commandline, 0x200000000ul), -XEN_EFAULT);
}
