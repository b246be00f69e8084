/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"
#include <hv/list.h>

struct item {
	int value;
	struct list_head link;
};

static int digits(struct list_head *h)
{
	struct item *i;
	int n = 0;

	list_for_each (i, h, link) {
		n = n * 10 + i->value;
	}
	return n;
}

TEST(list_order)
{
	struct list_head h = LIST_HEAD_INIT(h);
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };

	CHECK_TRUE(list_empty(&h));
	list_add_tail(&b.link, &h);
	list_add_tail(&c.link, &h);
	list_add(&a.link, &h);
	CHECK_EQ(digits(&h), 123);
	CHECK_EQ(list_first(&h, struct item, link)->value, 1);
	list_del(&b.link);
	CHECK_EQ(digits(&h), 13);
	list_del(&b.link);
	CHECK_EQ(digits(&h), 13);
}

TEST(list_removal_while_walking)
{
	struct list_head h = LIST_HEAD_INIT(h);
	struct item items[5], *i, *tmp;

	for (int k = 0; k < 5; k++) {
		items[k].value = k + 1;
		list_add_tail(&items[k].link, &h);
	}
	list_for_each_safe (i, tmp, &h, link) {
		if (i->value % 2 == 0) {
			list_del(&i->link);
		}
	}
	CHECK_EQ(digits(&h), 135);
}
