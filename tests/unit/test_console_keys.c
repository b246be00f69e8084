/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a byte of the serial line is for. */
#include "unit.h"
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/ctl.h>
#include <hv/lib.h>

static char service[64], keys[64];
static unsigned int raised;
static struct cpu cpu;

struct cpu *this_cpu(void)
{
	return &cpu;
}

void cpu_raise(unsigned int id, enum cpu_pending what)
{
	raised += what == CPU_PENDING_KEYS;
}

static void append(char *to, char c)
{
	size_t n = strlen(to);

	CHECK_TRUE(n < 63);
	to[n] = c;
	to[n + 1] = '\0';
}

void console_to_service(char c)
{
	append(service, c);
}

void debug_key(char key)
{
	append(keys, key);
}

static void type(const char *text)
{
	service[0] = keys[0] = '\0';
	raised = 0;
	while (*text) {
		console_input(*text++);
	}
	CHECK_EQ(keys[0], '\0');	/* nothing in the interrupt itself */
	console_run_keys();
}

TEST(console_keys_switch)
{
	console_set_switch("a");
	type("x\x01y\x01\x01z");
	CHECK_TRUE(!strcmp(service, "x\x01y\x01\x01z"));
	CHECK_EQ(raised, 0);
	type("\x01\x01\x01h\x01\x01q");
	CHECK_TRUE(!strcmp(keys, "h\x01\x01q"));
	CHECK_EQ(service[0], '\0');
	CHECK_TRUE(raised > 0);
	type("r\x01\x01\x01s\x01\x01");
	CHECK_TRUE(!strcmp(keys, "r"));
	CHECK_TRUE(!strcmp(service, "s"));
	type("t");
	CHECK_TRUE(!strcmp(service, "\x01\x01t"));
}

TEST(console_keys_too_many)
{
	console_set_switch("a");
	type("\x01\x01\x01" "0123456789abcdefghijklmnop");
	CHECK_TRUE(!strcmp(keys, "0123456789abcdef"));
	type("xyz\x01\x01\x01");
	CHECK_TRUE(!strcmp(keys, "xyz"));
}

TEST(console_keys_option)
{
	console_set_switch("bx");
	type("m\x01");
	CHECK_TRUE(!strcmp(keys, "m\x01"));
	type("\x02\x02\x02m");
	CHECK_TRUE(!strcmp(service, "m"));
	console_set_switch("_");
	type("\x01\x01\x01");
	CHECK_TRUE(!strcmp(service, "\x01\x01\x01"));
	console_set_switch("");
	type("m");
	CHECK_TRUE(!strcmp(service, "m"));
}
