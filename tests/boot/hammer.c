// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in a guest while it is saved, restored and moved: keeps changing memory and a disk, and
 * finds out whether either ever is other than it was left, or a clock goes back. One process for
 * each vCPU, one more for the disk. usage: hammer MIB
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE	   4096
#define WORDS	   (PAGE / sizeof(uint64_t))
#define BLOCK	   65536
#define BLOCKS	   8
#define DISK_START (32 << 20)
#define BURST	   64 /* pages between two pauses */

/* Shared by all: the last time that anybody read. */
static uint64_t *clocks;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

static void report(const char *format, uint64_t a, uint64_t b, uint64_t c)
{
	char line[160];
	int n = snprintf(line, sizeof(line), "GUEST hammer ");

	n += snprintf(line + n, sizeof(line) - n, format, a, b, c);
	line[n++] = '\n';
	if (write(1, line, n) != n) {
		_exit(1);
	}
}

/* A clock of the system must not be behind what another CPU has read of it before. */
static void check_clock(clockid_t which, uint64_t *last)
{
	uint64_t before = __atomic_load_n(last, __ATOMIC_SEQ_CST), now;
	struct timespec t;

	clock_gettime(which, &t);
	now = t.tv_sec * 1000000000ul + t.tv_nsec;
	if (now < before) {
		report("BAD: clock %lu went from %lu back to %lu", which, before, now);
	}
	while (now > before && !__atomic_compare_exchange_n(last, &before, now, 0, __ATOMIC_SEQ_CST,
							    __ATOMIC_SEQ_CST)) {
		continue;
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ul + t.tv_nsec / 1000000;
}

static void fill(uint64_t *page, uint64_t seed)
{
	for (unsigned i = 0; i < WORDS; i++) {
		page[i] = seed + i;
	}
}

static void memory(unsigned who, unsigned long pages)
{
	uint64_t *area =
	    mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *generation = calloc(pages, sizeof(*generation));
	uint64_t random = who + 1, told = 0, done = 0;

	if (area == MAP_FAILED || !generation) {
		report("BAD: no memory for %lu: %lu pages%.0lu", who, pages, 0);
		exit(1);
	}
	for (unsigned long i = 0; i < pages; i++) {
		fill(area + i * WORDS, mix(i));
	}
	for (;;) {
		unsigned long i = (random = mix(random + 1)) % pages;
		uint64_t *page = area + i * WORDS, seed = mix(i + ((uint64_t)generation[i] << 32));

		for (unsigned j = 0; j < WORDS; j++) {
			if (page[j] != seed + j) {
				report("BAD: page %lu word %lu is %lx", i, j, page[j]);
				fill(page, seed);
			}
		}
		generation[i]++;
		fill(page, mix(i + ((uint64_t)generation[i] << 32)));
		check_clock(CLOCK_MONOTONIC, &clocks[0]);
		if (++done % BURST == 0) {
			usleep(20000);
		}
		if (now_ms() - told >= 2000) {
			told = now_ms();
			report("%lu: %lu pages right%.0lu", who, done, 0);
		}
	}
}

static void disk(void)
{
	uint8_t *out = aligned_alloc(PAGE, BLOCK), *in = aligned_alloc(PAGE, BLOCK);
	int fd = open("/dev/xvda", O_RDWR | O_DIRECT | O_SYNC);

	if (fd < 0 || !out || !in) {
		report("BAD: no disk%.0lu%.0lu%.0lu", 0, 0, 0);
		exit(1);
	}
	for (uint64_t n = 0;; n++) {
		off_t at = DISK_START + (off_t)(n % BLOCKS) * BLOCK;

		for (unsigned i = 0; i < BLOCK; i += PAGE) {
			fill((uint64_t *)(out + i), mix(n + i));
		}
		if (pwrite(fd, out, BLOCK, at) != BLOCK || pread(fd, in, BLOCK, at) != BLOCK) {
			report("BAD: disk fails at round %lu%.0lu%.0lu", n, 0, 0);
		} else if (memcmp(in, out, BLOCK)) {
			report("BAD: disk differs at round %lu%.0lu%.0lu", n, 0, 0);
		}
		if (n % 4 == 0) {
			report("disk: %lu rounds right%.0lu%.0lu", n + 1, 0, 0);
		}
		usleep(500000);
	}
}

int main(int argc, char **argv)
{
	unsigned long pages = strtoul(argc > 1 ? argv[1] : "16", NULL, 0) * (1048576 / PAGE);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	clocks = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clocks == MAP_FAILED) {
		return 1;
	}
	for (long i = 0; i < cpus; i++) {
		if (fork() == 0) {
			memory((unsigned)i, pages / cpus);
		}
	}
	disk();
}
