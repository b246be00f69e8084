/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drive QEMU's "edu" device: edu-dma RESOURCE0 own | write ADDRESS | message ADDRESS DATA
 *
 * "own" sends a page of ours through the device's buffer and back and compares; "write" makes the
 * device write a known pattern to a physical address and succeeds if the device finished, whatever
 * became of the data; "message" makes it write one word, which at 0xfeeXXXXX is an interrupt message.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096UL
#define CHUNK		2048UL	/* QEMU 7.2 refuses a transfer that ends with its buffer */
#define BAR_SIZE	0x100000UL
#define EDU_ID		0x00
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_BUFFER	0x40000UL
#define CMD_START	1
#define CMD_TO_RAM	2
#define PATTERN		0xa5

static volatile uint8_t *bar;

static void die(const char *what)
{
	printf("edu-dma: %s\n", what);
	exit(1);
}

static void set(unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(bar + offset) = value;
}

static void transfer(uint64_t src, uint64_t dst, uint64_t count, uint64_t direction)
{
	set(EDU_DMA_SRC, src);
	set(EDU_DMA_DST, dst);
	set(EDU_DMA_COUNT, count);
	set(EDU_DMA_CMD, CMD_START | direction);
	for (int tries = 0; tries < 500; tries++) {
		usleep(10000);
		if (!(*(volatile uint64_t *)(bar + EDU_DMA_CMD) & CMD_START)) {
			return;
		}
	}
	die("the transfer never finished");
}

/* A page that stays where it is, and its guest-physical address. */
static uint8_t *locked_page(uint64_t *phys)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (page == MAP_FAILED || mlock(page, PAGE) || fd < 0 ||
	    pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE * 8)) != sizeof(entry) ||
	    !(entry >> 63)) {
		die("no page to transfer");
	}
	close(fd);
	*phys = (entry & ((1ULL << 55) - 1)) * PAGE;
	return page;
}

static void own_memory(void)
{
	uint64_t from_phys, to_phys;
	uint8_t *from = locked_page(&from_phys), *to = locked_page(&to_phys);

	for (unsigned int i = 0; i < PAGE; i++) {
		from[i] = (uint8_t)(i * 7 + 3);
	}
	memset(to, 0, PAGE);
	transfer(from_phys, EDU_BUFFER, CHUNK, 0);
	transfer(EDU_BUFFER, to_phys, CHUNK, CMD_TO_RAM);
	if (memcmp(from, to, CHUNK)) {
		die("what came back is not what was sent");
	}
}

static void write_to(uint64_t address)
{
	uint64_t phys;
	uint8_t *page = locked_page(&phys);

	memset(page, PATTERN, PAGE);
	transfer(phys, EDU_BUFFER, CHUNK, 0);
	transfer(EDU_BUFFER, address, CHUNK, CMD_TO_RAM);
}

static void message(uint64_t address, uint32_t data)
{
	uint64_t phys;
	uint8_t *page = locked_page(&phys);

	memcpy(page, &data, sizeof(data));
	transfer(phys, EDU_BUFFER, sizeof(data), 0);
	transfer(EDU_BUFFER, address, sizeof(data), CMD_TO_RAM);
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_RDWR | O_SYNC) : -1;

	if (fd < 0) {
		die("usage: edu-dma RESOURCE0 own | write ADDRESS | message ADDRESS DATA");
	}
	bar = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar == MAP_FAILED) {
		die("the BAR cannot be mapped");
	}
	if ((*(volatile uint32_t *)(bar + EDU_ID) & 0xffff) != 0x00ed) {
		die("not an edu device");
	}
	if (!strcmp(argv[2], "own")) {
		own_memory();
	} else if (!strcmp(argv[2], "write") && argc > 3) {
		write_to(strtoull(argv[3], NULL, 0));
	} else if (!strcmp(argv[2], "message") && argc > 4) {
		message(strtoull(argv[3], NULL, 0), (uint32_t)strtoul(argv[4], NULL, 0));
	} else {
		die("own, write ADDRESS or message ADDRESS DATA");
	}
	return 0;
}
