/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the image's own functions, for backtraces. */
#include <hv/log.h>
#include <hv/symbols.h>

extern char _image_start[], _text_end[];

/* Sorted by address; made from the linked image by tools/symbols.py. */
struct symbol {
	uint32_t offset;		/* from the start of the image */
	uint32_t name;			/* index into symbol_names */
};
extern const struct symbol symbol_table[];
extern const uint32_t symbol_count;
extern const char symbol_names[];

const char *symbol_of(uint64_t addr, uint64_t *offset)
{
	uint64_t at = addr - (uintptr_t)_image_start;
	uint32_t low = 0, high = symbol_count;

	*offset = addr;
	if (addr < (uintptr_t)_image_start || addr >= (uintptr_t)_text_end || !symbol_count) {
		return "?";
	}
	while (high - low > 1) {
		uint32_t mid = (low + high) / 2;

		if (symbol_table[mid].offset <= at) {
			low = mid;
		} else {
			high = mid;
		}
	}
	*offset = at - symbol_table[low].offset;
	return symbol_names + symbol_table[low].name;
}

void symbol_print(uint64_t addr)
{
	uint64_t offset;
	const char *name = symbol_of(addr, &offset);

	log_err("  [%0*" PRIx64 "] %s+0x%" PRIx64 "\n", (int)(2 * sizeof(void *)), addr, name,
		offset);
}
