/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings, formatted output and the console. */
#include "guest.h"

#include <xen/io/console.h>

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++) {
		if (*x != *y) {
			return *x - *y;
		}
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
	}
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--) {
		a++;
		b++;
	}
	return n ? (uint8_t)*a - (uint8_t)*b : 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~0ul);
}

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size) {
		o->buf[o->len] = c;
	}
	o->len++;
}

struct spec {
	bool zero, alt, left, neg;
	int width;
};

static void put_padded(struct out *o, const char *s, int n, const struct spec *sp)
{
	int pad = sp->width - n;

	for (; !sp->left && pad > 0; pad--) {
		put(o, sp->zero ? '0' : ' ');
	}
	while (n--) {
		put(o, *s++);
	}
	for (; pad > 0; pad--) {
		put(o, ' ');
	}
}

static void put_number(struct out *o, unsigned long long v, unsigned base, const struct spec *sp)
{
	char tmp[24];
	char *p = tmp + sizeof(tmp);

	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (sp->alt) {
		put(o, '0');
		put(o, 'x');
	}
	if (sp->neg) {
		*--p = '-';
	}
	put_padded(o, p, tmp + sizeof(tmp) - p, sp);
}

static const char *parse_spec(const char *f, struct spec *sp, int *longs)
{
	*sp = (struct spec){0};
	*longs = 0;
	for (;; f++) {
		if (*f == '0' && !sp->width) {
			sp->zero = true;
		} else if (*f == '#') {
			sp->alt = true;
		} else if (*f == '-') {
			sp->left = true;
		} else if (*f >= '0' && *f <= '9') {
			sp->width = sp->width * 10 + *f - '0';
		} else if (*f == 'l' || *f == 'z') {
			++*longs;
		} else {
			return f;
		}
	}
}

int vsnprintf(char *buf, size_t size, const char *f, __builtin_va_list ap)
{
	struct out o = {.buf = buf, .size = size};
	struct spec sp;
	const char *s;
	int longs;
	long long v;

	for (; *f; f++) {
		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f = parse_spec(f + 1, &sp, &longs);
		switch (*f) {
		case 'd':
			v = longs > 1 ? __builtin_va_arg(ap, long long)
			    : longs ? __builtin_va_arg(ap, long) : __builtin_va_arg(ap, int);
			sp.neg = v < 0;
			put_number(&o, v < 0 ? -(unsigned long long)v : (unsigned long long)v, 10, &sp);
			break;
		case 'p':
			sp.alt = true;
			longs = 1;
			/* fallthrough */
		case 'u':
		case 'x':
			v = longs > 1 ? __builtin_va_arg(ap, long long)
			    : longs   ? (long long)__builtin_va_arg(ap, unsigned long)
				      : (long long)__builtin_va_arg(ap, unsigned);
			put_number(&o, v, *f == 'u' ? 10 : 16, &sp);
			break;
		case 's':
			s = __builtin_va_arg(ap, const char *);
			put_padded(&o, s, strlen(s), &sp);
			break;
		case 'c':
			put(&o, __builtin_va_arg(ap, int));
			break;
		default:
			put(&o, *f);
		}
	}
	if (size) {
		buf[o.len < size ? o.len : size - 1] = 0;
	}
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list ap;
	int n;

	__builtin_va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	__builtin_va_end(ap);
	return n;
}

#define PV_YIELDS 20000

/*
 * As an unprivileged domain the debug console of a release hypervisor is deaf, so the text also
 * goes to the PV console that the tool stack set up.
 */
static void pv_console_write(const char *s, size_t n)
{
	static struct xencons_interface *ring;
	static uint64_t port;
	static bool deaf;
	uint64_t gfn;

	if (deaf) {
		return;
	}
	if (!ring) {
		if (hvm_get_param(HVM_PARAM_CONSOLE_PFN, &gfn) || !gfn ||
		    hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &port)) {
			return;
		}
		ring = (void *)(gfn * PAGE_SIZE);
	}
	for (; n; n--, s++) {
		/* Nobody may listen; and a clock may be anywhere in some tests. */
		for (unsigned yields = 0; ring->out_prod - ring->out_cons >= sizeof(ring->out);
		     yields++) {
			if (yields == PV_YIELDS) {
				deaf = true;
				return;
			}
			event_send(port);
			HC(sched_op, SCHEDOP_yield, 0);
		}
		ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = *s;
		barrier();
		ring->out_prod++;
	}
	event_send(port);
}

void printf(const char *fmt, ...)
{
	char line[400];
	__builtin_va_list ap;
	int n;

	__builtin_va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	__builtin_va_end(ap);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	HC(console_io, CONSOLEIO_write, n, line);
	if (cmdline_has("domu")) {
		pv_console_write(line, n);
	}
}

static const char *cmdline_find(const char *name)
{
	const char *s = guest_cmdline();
	size_t n = strlen(name);

	while (*s) {
		if (!strncmp(s, name, n)) {
			return s + n;
		}
		while (*s && *s != ' ') {
			s++;
		}
		while (*s == ' ') {
			s++;
		}
	}
	return NULL;
}

bool cmdline_has(const char *word)
{
	const char *s = cmdline_find(word);

	return s && (!*s || *s == ' ');
}

uint64_t cmdline_number(const char *name, uint64_t def)
{
	const char *s = cmdline_find(name);
	uint64_t v = 0;

	if (!s || *s != '=') {
		return def;
	}
	for (s++; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + *s - '0';
	}
	return v;
}
