/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing a flattened device tree: header, reservations, structure, strings. Strings
 * are kept beside until the structure is complete, each once.
 */
#include <hv/fdt.h>
#include <hv/lib.h>

#define HEADER_SIZE 40u
#define RESERVATION 16u

#define TOKEN_BEGIN 1u
#define TOKEN_END   2u
#define TOKEN_PROP  3u
#define TOKEN_LAST  9u

static void store_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Room for len bytes, rounded up to a cell and zeroed; NULL: there is none. */
static uint8_t *room(struct fdt_writer *w, uint32_t len)
{
	uint32_t need = ROUND_UP(len, 4U);
	uint8_t *p = w->base + w->at;

	if (w->failed || need < len || need > w->capacity - w->at) {
		w->failed = true;
		return NULL;
	}
	memset(p, 0, need);
	w->at += need;
	return p;
}

static void token(struct fdt_writer *w, uint32_t v)
{
	uint8_t *p = room(w, 4);

	if (p) {
		store_u32(p, v);
	}
}

void fdt_begin(struct fdt_writer *w, void *to, uint32_t capacity)
{
	w->base = to;
	w->capacity = capacity;
	w->at = 0;
	w->strings_size = 0;
	w->depth = 0;
	w->failed = false;
	/* The end mark of the reservations is zero. */
	(void)room(w, HEADER_SIZE + RESERVATION);
	w->struct_start = w->at;
}

static void store_u64(uint8_t *p, uint64_t v)
{
	store_u32(p, (uint32_t)(v >> 32));
	store_u32(p + 4, (uint32_t)v);
}

void fdt_reserve(struct fdt_writer *w, uint64_t base, uint64_t size)
{
	uint8_t *end = w->base + w->struct_start - RESERVATION;

	w->failed |= w->at != w->struct_start;
	/* Two zeroes would be the end. */
	if ((base || size) && room(w, RESERVATION)) {
		store_u64(end, base);
		store_u64(end + 8, size);
		w->struct_start = w->at;
	}
}

void fdt_node(struct fdt_writer *w, const char *name)
{
	uint32_t len = (uint32_t)strlen(name) + 1;
	uint8_t *p;

	token(w, TOKEN_BEGIN);
	p = room(w, len);
	if (p) {
		memcpy(p, name, len);
	}
	w->depth++;
}

void fdt_end_node(struct fdt_writer *w)
{
	w->failed |= w->depth == 0;
	w->depth--;
	token(w, TOKEN_END);
}

/* Offset of the name in the strings, which get it if it is new; ~0: no room. */
static uint32_t string_offset(struct fdt_writer *w, const char *name)
{
	uint32_t len = (uint32_t)strlen(name) + 1, at = 0;

	while (at < w->strings_size) {
		if (!strcmp(w->strings + at, name)) {
			return at;
		}
		at += (uint32_t)strlen(w->strings + at) + 1;
	}
	if (len > FDT_STRINGS_MAX - at) {
		w->failed = true;
		return ~0U;
	}
	memcpy(w->strings + at, name, len);
	w->strings_size = at + len;
	return at;
}

static uint8_t *put_header(struct fdt_writer *w, const char *name, uint32_t len)
{
	uint32_t name_off = string_offset(w, name);
	uint8_t *p;

	token(w, TOKEN_PROP);
	p = room(w, 8);
	if (p) {
		store_u32(p, len);
		store_u32(p + 4, name_off);
	}
	return room(w, len);
}

void fdt_put(struct fdt_writer *w, const char *name, const void *data, uint32_t len)
{
	uint8_t *p = put_header(w, name, len);

	if (p && len) {
		memcpy(p, data, len);
	}
}

void fdt_put_cells(struct fdt_writer *w, const char *name, const uint32_t *cells,
		   unsigned int count)
{
	uint8_t *p = put_header(w, name, 4 * count);

	for (unsigned int i = 0; p && i < count; i++) {
		store_u32(p + 4 * i, cells[i]);
	}
}

void fdt_put_u32(struct fdt_writer *w, const char *name, uint32_t v)
{
	fdt_put_cells(w, name, &v, 1);
}

void fdt_put_string(struct fdt_writer *w, const char *name, const char *s)
{
	fdt_put(w, name, s, (uint32_t)strlen(s) + 1);
}

uint32_t fdt_finish(struct fdt_writer *w, uint32_t boot_cpu)
{
	uint32_t struct_size, strings_off, total;
	uint32_t header[HEADER_SIZE / 4];
	uint8_t *p;

	token(w, TOKEN_LAST);
	struct_size = w->at - w->struct_start;
	strings_off = w->at;
	p = room(w, w->strings_size);
	if (!p || w->depth) {
		return 0;
	}
	memcpy(p, w->strings, w->strings_size);
	total = w->at;
	memcpy(header,
	       (const uint32_t[]){0xd00dfeed, total, w->struct_start, strings_off, HEADER_SIZE, 17,
				  16, boot_cpu, w->strings_size, struct_size},
	       sizeof(header));
	for (unsigned int i = 0; i < ARRAY_SIZE(header); i++) {
		store_u32(w->base + 4 * i, header[i]);
	}
	return total;
}
