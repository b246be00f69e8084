/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading flattened device trees. fdt_check is the wall: it walks every token once with all bounds
 * checked; what comes after it relies on that, and on the tree not changing.
 * Devicetree Specification 0.4, chapter 5; translation of addresses: 2.3.8, interrupts: 2.4.
 */
#include <hv/fdt.h>
#include <hv/lib.h>

#define FDT_MAGIC      0xd00dfeedu
#define FDT_VERSION    17u
#define FDT_COMPATIBLE 16u
#define HEADER_SIZE    40u

#define TOKEN_BEGIN 1u
#define TOKEN_END   2u
#define TOKEN_PROP  3u
#define TOKEN_NOP   4u
#define TOKEN_LAST  9u

/* Interrupt specifier of a GIC: kind, number, flags. */
#define GIC_CELLS     3u
#define IRQ_CELLS_MAX 16u
#define GIC_SPI	      0u
#define GIC_PPI	      1u

/* Checking ----------------------------------------------------------------------------------------
 */

static const char *check_header(const uint8_t *b, size_t available, struct fdt *t)
{
	uint32_t total, version;

	if (!b || ((uintptr_t)b & 7) || available < HEADER_SIZE || fdt_u32(b) != FDT_MAGIC) {
		return "is not a device tree";
	}
	total = fdt_u32(b + 4);
	version = fdt_u32(b + 20);
	if (version < FDT_VERSION || fdt_u32(b + 24) > FDT_VERSION ||
	    fdt_u32(b + 24) < FDT_COMPATIBLE) {
		return "has an unknown version";
	}
	if (total < HEADER_SIZE || total > available || total > FDT_SIZE_MAX) {
		return "is cut off or too large";
	}
	*t = (struct fdt){
	    .base = b,
	    .size = total,
	    .struct_off = fdt_u32(b + 8),
	    .strings_off = fdt_u32(b + 12),
	    .reserve_off = fdt_u32(b + 16),
	    .boot_cpu = fdt_u32(b + 28),
	    .strings_size = fdt_u32(b + 32),
	    .struct_size = fdt_u32(b + 36),
	};
	if (t->struct_off < HEADER_SIZE || t->struct_off > total ||
	    t->struct_size > total - t->struct_off || !IS_ALIGNED(t->struct_off, 4U) ||
	    !IS_ALIGNED(t->struct_size, 4U)) {
		return "has its structure outside of itself";
	}
	if (t->strings_off < HEADER_SIZE || t->strings_off > total ||
	    t->strings_size > total - t->strings_off) {
		return "has its strings outside of itself";
	}
	if (t->reserve_off < HEADER_SIZE || t->reserve_off > total ||
	    !IS_ALIGNED(t->reserve_off, 8U)) {
		return "has its reservations outside of itself";
	}
	return NULL;
}

static bool reservations_end(const struct fdt *t)
{
	for (uint64_t at = t->reserve_off; at + 16 <= t->size; at += 16) {
		if (!fdt_u64(t->base + at) && !fdt_u64(t->base + at + 8)) {
			return true;
		}
	}
	return false;
}

static const uint8_t *token_at(const struct fdt *t, uint32_t off)
{
	return t->base + t->struct_off + off;
}

/* Characters of node and property names: 2.2.1 and 2.2.4, in one set. */
static bool is_name_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr(",._+-?#@", c));
}

static bool name_ok(const char *s, size_t room, size_t max, size_t *len)
{
	size_t n = 0;

	while (n < room && n <= max && s[n]) {
		if (!is_name_char(s[n])) {
			return false;
		}
		n++;
	}
	if (n >= room || n > max) {
		return false;
	}
	*len = n;
	return true;
}

struct walk {
	const struct fdt *tree;
	uint32_t at;
	int depth;
	bool props_over; /* in this node a child came already */
	bool any;	 /* the root was there */
};

static const char *check_begin(struct walk *w)
{
	const struct fdt *t = w->tree;
	size_t len;

	if (w->depth == 0 && w->any) {
		return "has two roots";
	}
	if (!name_ok((const char *)token_at(t, w->at), t->struct_size - w->at, FDT_NAME_MAX - 1,
		     &len)) {
		return "has a bad node name";
	}
	if ((w->depth == 0) != (len == 0)) {
		return "has a node without a name";
	}
	if (w->depth == FDT_DEPTH_MAX) {
		return "is nested too deeply";
	}
	w->depth++;
	w->any = true;
	w->props_over = false;
	w->at = ROUND_UP(w->at + (uint32_t)len + 1, 4U);
	return NULL;
}

static const char *check_prop(struct walk *w)
{
	const struct fdt *t = w->tree;
	uint32_t len, name, left = t->struct_size - w->at;
	size_t name_len;

	if (!w->depth || w->props_over) {
		return "has a property outside of its node";
	}
	if (left < 8) {
		return "is cut off in a property";
	}
	len = fdt_u32(token_at(t, w->at));
	name = fdt_u32(token_at(t, w->at + 4));
	left -= 8;
	if (len > left) {
		return "has a property longer than itself";
	}
	if (name >= t->strings_size ||
	    !name_ok((const char *)t->base + t->strings_off + name, t->strings_size - name, 255,
		     &name_len) ||
	    !name_len) {
		return "has a bad property name";
	}
	w->at = w->at + 8 + ROUND_UP(len, 4U);
	return NULL;
}

/* NULL and *last when all is well up to the end. */
static const char *check_token(struct walk *w, bool *last)
{
	const struct fdt *t = w->tree;
	uint32_t token;

	if (w->at > t->struct_size || t->struct_size - w->at < 4) {
		return "has no end";
	}
	token = fdt_u32(token_at(t, w->at));
	w->at += 4;
	switch (token) {
	case TOKEN_BEGIN:
		return check_begin(w);
	case TOKEN_PROP:
		return check_prop(w);
	case TOKEN_NOP:
		return NULL;
	case TOKEN_END:
		if (!w->depth) {
			return "closes more nodes than it opens";
		}
		w->depth--;
		w->props_over = true;
		return NULL;
	case TOKEN_LAST:
		*last = true;
		return w->depth || !w->any ? "ends inside a node" : NULL;
	default:
		return "has an unknown token";
	}
}

const char *fdt_check(const void *p, size_t available, struct fdt *out)
{
	struct fdt t;
	struct walk w = {.tree = &t};
	const char *why = check_header(p, available, &t);
	bool last = false;

	if (why) {
		return why;
	}
	if (!reservations_end(&t)) {
		return "has reservations without an end";
	}
	while (!last) {
		why = check_token(&w, &last);
		if (why) {
			return why;
		}
	}
	*out = t;
	return NULL;
}

/* Walking: the structure is known to be sound
 * -------------------------------------------------------- */

/* The offset behind the token at off; *token is it. */
static uint32_t step(const struct fdt *t, uint32_t off, uint32_t *token)
{
	const uint8_t *p = token_at(t, off);

	*token = fdt_u32(p);
	switch (*token) {
	case TOKEN_BEGIN:
		return off + 4 + ROUND_UP((uint32_t)strlen((const char *)p + 4) + 1, 4U);
	case TOKEN_PROP:
		return off + 12 + ROUND_UP(fdt_u32(p + 4), 4U);
	default:
		return off + 4;
	}
}

int fdt_root(const struct fdt *t)
{
	uint32_t off = 0;

	while (fdt_u32(token_at(t, off)) == TOKEN_NOP) {
		off += 4;
	}
	return (int)off;
}

int fdt_next_node(const struct fdt *t, int node, int *depth)
{
	uint32_t token, off = step(t, (uint32_t)node, &token);
	int d = depth ? *depth : 0;

	for (;;) {
		uint32_t next = step(t, off, &token);

		switch (token) {
		case TOKEN_BEGIN:
			if (depth) {
				*depth = d + 1;
			}
			return (int)off;
		case TOKEN_END:
			d--;
			break;
		case TOKEN_LAST:
			return -1;
		default:
			break;
		}
		off = next;
	}
}

int fdt_first_child(const struct fdt *t, int node)
{
	int depth = 0, child = fdt_next_node(t, node, &depth);

	return child >= 0 && depth == 1 ? child : -1;
}

int fdt_next_sibling(const struct fdt *t, int node)
{
	int depth = 0;

	do {
		node = fdt_next_node(t, node, &depth);
	} while (node >= 0 && depth > 0);
	return node >= 0 && depth == 0 ? node : -1;
}

int fdt_parent(const struct fdt *t, int node)
{
	int path[FDT_DEPTH_MAX + 1];
	int depth = 0, at = fdt_root(t);

	path[0] = -1;
	while (at >= 0) {
		path[depth + 1] = at;
		if (at == node) {
			return path[depth];
		}
		at = fdt_next_node(t, at, &depth);
	}
	return -1;
}

const char *fdt_name(const struct fdt *t, int node)
{
	return (const char *)token_at(t, (uint32_t)node) + 4;
}

/* Does a node's name match the len bytes at s, which may lack the unit address? */
static bool name_is(const char *name, const char *s, size_t len)
{
	if (strncmp(name, s, len)) {
		return false;
	}
	if (!name[len]) {
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '@') {
			return false;
		}
	}
	return name[len] == '@';
}

static int child_by_part(const struct fdt *t, int node, const char *s, size_t len)
{
	int child;

	for (child = fdt_first_child(t, node); child >= 0; child = fdt_next_sibling(t, child)) {
		if (name_is(fdt_name(t, child), s, len)) {
			break;
		}
	}
	return child;
}

int fdt_child(const struct fdt *t, int node, const char *name)
{
	return child_by_part(t, node, name, strlen(name));
}

static size_t part_length(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '/' && s[n] != ':') {
		n++;
	}
	return n;
}

static int find_below(const struct fdt *t, int node, const char *path)
{
	while (node >= 0) {
		size_t len;

		while (*path == '/') {
			path++;
		}
		/* What follows a colon is an option of the console, not of the path. */
		len = part_length(path);
		if (!len) {
			return node;
		}
		node = child_by_part(t, node, path, len);
		path += len;
	}
	return -1;
}

int fdt_find(const struct fdt *t, const char *path)
{
	char alias[32];
	const char *target;
	size_t len = part_length(path);
	int aliases;

	if (*path == '/') {
		return find_below(t, fdt_root(t), path);
	}
	aliases = fdt_child(t, fdt_root(t), "aliases");
	if (aliases < 0 || !len || len >= sizeof(alias)) {
		return -1;
	}
	memcpy(alias, path, len);
	alias[len] = 0;
	target = fdt_get_string(t, aliases, alias);
	if (!target || *target != '/') {
		return -1;
	}
	return find_below(t, find_below(t, fdt_root(t), target), path + len);
}

int fdt_by_phandle(const struct fdt *t, uint32_t phandle)
{
	int node = fdt_root(t);

	if (!phandle || phandle == ~0U) {
		return -1;
	}
	for (; node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (fdt_get_u32(t, node, "phandle", 0) == phandle ||
		    fdt_get_u32(t, node, "linux,phandle", 0) == phandle) {
			return node;
		}
	}
	return -1;
}

/* Properties --------------------------------------------------------------------------------------
 */

bool fdt_each_prop(const struct fdt *t, int node, struct fdt_prop *p)
{
	uint32_t token, off = p->next ? p->next : step(t, (uint32_t)node, &token);

	for (;;) {
		const uint8_t *at = token_at(t, off);
		uint32_t next = step(t, off, &token);

		if (token == TOKEN_PROP) {
			p->len = fdt_u32(at + 4);
			p->name = (const char *)t->base + t->strings_off + fdt_u32(at + 8);
			p->data = at + 12;
			p->next = next;
			return true;
		}
		if (token != TOKEN_NOP) {
			return false;
		}
		off = next;
	}
}

bool fdt_get(const struct fdt *t, int node, const char *name, struct fdt_prop *out)
{
	struct fdt_prop p = {0};

	if (node < 0) {
		return false;
	}
	while (fdt_each_prop(t, node, &p)) {
		if (!strcmp(p.name, name)) {
			*out = p;
			return true;
		}
	}
	return false;
}

bool fdt_has(const struct fdt *t, int node, const char *name)
{
	struct fdt_prop p;

	return fdt_get(t, node, name, &p);
}

uint32_t fdt_get_u32(const struct fdt *t, int node, const char *name, uint32_t fallback)
{
	struct fdt_prop p;

	return fdt_get(t, node, name, &p) && p.len == 4 ? fdt_u32(p.data) : fallback;
}

const char *fdt_get_string(const struct fdt *t, int node, const char *name)
{
	struct fdt_prop p;

	if (!fdt_get(t, node, name, &p) || !p.len ||
	    strnlen((const char *)p.data, p.len) != p.len - 1) {
		return NULL;
	}
	return (const char *)p.data;
}

bool fdt_list_has(const struct fdt *t, int node, const char *name, const char *text)
{
	struct fdt_prop p;
	size_t want = strlen(text) + 1, at = 0;

	if (!fdt_get(t, node, name, &p)) {
		return false;
	}
	while (at < p.len) {
		size_t len = strnlen((const char *)p.data + at, p.len - at) + 1;

		if (len == want && len <= p.len - at && !memcmp(p.data + at, text, len)) {
			return true;
		}
		at += len;
	}
	return false;
}

bool fdt_available(const struct fdt *t, int node)
{
	const char *status = fdt_get_string(t, node, "status");

	return !status || !strcmp(status, "okay") || !strcmp(status, "ok");
}

/* Addresses ---------------------------------------------------------------------------------------
 */

bool fdt_cells(const struct fdt *t, int node, unsigned int *address, unsigned int *size)
{
	*address = fdt_get_u32(t, node, "#address-cells", 2);
	*size = fdt_get_u32(t, node, "#size-cells", 1);
	return *address >= 1 && *address <= 3 && *size <= 2;
}

static uint64_t read_cells(const uint8_t *p, unsigned int cells)
{
	switch (cells) {
	case 0:
		return 0;
	case 1:
		return fdt_u32(p);
	default:
		/* Of PCI's three the first says what kind; it is compared elsewhere or not needed.
		 */
		return fdt_u64(p + 4 * (cells - 2));
	}
}

/* [*base, *base + size) of the bus at node becomes an address of its parent's bus. */
static bool translate(const struct fdt *t, int bus, int parent, uint64_t *base, uint64_t size)
{
	unsigned int child_a, child_s, parent_a, parent_s, entry;
	struct fdt_prop p;

	if (!fdt_get(t, bus, "ranges", &p)) {
		return false;
	}
	if (!p.len) {
		return true;
	}
	if (!fdt_cells(t, bus, &child_a, &child_s) || !fdt_cells(t, parent, &parent_a, &parent_s) ||
	    child_a == 3 || parent_a == 3 || !child_s) {
		return false;
	}
	entry = 4 * (child_a + parent_a + child_s);
	for (uint32_t at = 0; p.len - at >= entry; at += entry) {
		uint64_t from = read_cells(p.data + at, child_a);
		uint64_t to = read_cells(p.data + at + 4 * child_a, parent_a);
		uint64_t len = read_cells(p.data + at + 4 * (child_a + parent_a), child_s);

		if (*base >= from && *base - from <= len && size <= len - (*base - from)) {
			uint64_t moved = to + (*base - from);

			if (moved < to || moved + size < moved) {
				return false;
			}
			*base = moved;
			return true;
		}
	}
	return false;
}

bool fdt_reg(const struct fdt *t, int node, unsigned int i, uint64_t *base, uint64_t *size)
{
	int path[FDT_DEPTH_MAX + 1];
	int depth = 0, at = fdt_root(t), level;
	unsigned int a, s, entry;
	struct fdt_prop p;
	uint64_t b, len;

	for (; at >= 0 && at != node; at = fdt_next_node(t, at, &depth)) {
		path[depth] = at;
	}
	if (at < 0 || depth < 1 || !fdt_cells(t, path[depth - 1], &a, &s) || a == 3 ||
	    !fdt_get(t, node, "reg", &p)) {
		return false;
	}
	entry = 4 * (a + s);
	if ((uint64_t)(i + 1ULL) * entry > p.len) {
		return false;
	}
	b = read_cells(p.data + i * entry, a);
	len = read_cells(p.data + i * entry + 4 * a, s);
	if (b + len < b) {
		return false;
	}
	for (level = depth - 1; level > 0; level--) {
		if (!translate(t, path[level], path[level - 1], &b, len)) {
			return false;
		}
	}
	*base = b;
	*size = len;
	return true;
}

/* Interrupts --------------------------------------------------------------------------------------
 */

static int interrupt_parent(const struct fdt *t, int node)
{
	while (node >= 0) {
		uint32_t phandle = fdt_get_u32(t, node, "interrupt-parent", 0);

		if (phandle) {
			return fdt_by_phandle(t, phandle);
		}
		node = fdt_parent(t, node);
	}
	return -1;
}

/* Every entry names its own controller, which says how long the entry is. */
static bool extended_irq(const struct fdt *t, const struct fdt_prop *p, unsigned int i,
			 struct fdt_irq *out)
{
	uint32_t at = 0;

	for (unsigned int n = 0; p->len - at >= 4; n++) {
		out->parent = fdt_by_phandle(t, fdt_u32(p->data + at));
		out->cells =
		    out->parent < 0 ? ~0U : fdt_get_u32(t, out->parent, "#interrupt-cells", ~0U);
		if (out->cells > IRQ_CELLS_MAX || p->len - at - 4 < 4 * out->cells) {
			return false;
		}
		out->spec = p->data + at + 4;
		if (n == i) {
			return out->cells;
		}
		at += 4 + 4 * out->cells;
	}
	return false;
}

bool fdt_irq(const struct fdt *t, int node, unsigned int i, struct fdt_irq *out)
{
	struct fdt_prop p;

	if (fdt_get(t, node, "interrupts-extended", &p)) {
		return extended_irq(t, &p, i, out);
	}
	if (!fdt_get(t, node, "interrupts", &p)) {
		return false;
	}
	out->parent = interrupt_parent(t, node);
	out->cells =
	    out->parent < 0 ? GIC_CELLS : fdt_get_u32(t, out->parent, "#interrupt-cells", 0);
	if (!out->cells || out->cells > IRQ_CELLS_MAX || (i + 1ULL) * 4 * out->cells > p.len) {
		return false;
	}
	out->spec = p.data + 4 * out->cells * i;
	return true;
}

bool fdt_gic_irq(const struct fdt *t, int node, unsigned int i, uint32_t *intid, uint32_t *flags)
{
	struct fdt_irq irq;
	uint32_t kind, n;

	if (!fdt_irq(t, node, i, &irq) || irq.cells < GIC_CELLS) {
		return false;
	}
	kind = fdt_u32(irq.spec);
	n = fdt_u32(irq.spec + 4);
	*flags = fdt_u32(irq.spec + 8);
	if (kind == GIC_SPI && n < 988) {
		*intid = n + 32;
		return true;
	}
	if (kind == GIC_PPI && n < 16) {
		*intid = n + 16;
		return true;
	}
	return false;
}

bool fdt_reserved(const struct fdt *t, unsigned int i, uint64_t *base, uint64_t *size)
{
	for (uint32_t at = t->reserve_off;; at += 16) {
		*base = fdt_u64(t->base + at);
		*size = fdt_u64(t->base + at + 8);
		if (!*base && !*size) {
			return false;
		}
		if (!i--) {
			return true;
		}
	}
}
