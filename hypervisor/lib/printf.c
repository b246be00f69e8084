/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <hv/lib.h>

struct output {
	char *buf;
	size_t size, len;
};

struct spec {
	bool left, zero, plus, space, alt, upper, negative;
	int width, precision;		/* precision -1: none */
	unsigned int base;
	int length; /* -2 hh, -1 h, 0 int, 1 l, z (as wide), 2 ll, j */
};

static void put(struct output *o, char c)
{
	if (o->len + 1 < o->size) {
		o->buf[o->len] = c;
	}
	o->len++;
}

static void pad(struct output *o, char c, int n)
{
	while (n-- > 0) {
		put(o, c);
	}
}

static void put_string(struct output *o, const struct spec *s, const char *text)
{
	size_t len;

	if (!text) {
		text = "(null)";
	}
	len = s->precision >= 0 ? strnlen(text, (size_t)s->precision) : strlen(text);
	if (!s->left) {
		pad(o, ' ', s->width - (int)len);
	}
	for (size_t i = 0; i < len; i++) {
		put(o, text[i]);
	}
	if (s->left) {
		pad(o, ' ', s->width - (int)len);
	}
}

static void put_number(struct output *o, const struct spec *s, uint64_t v)
{
	const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24], prefix[3];
	int n = 0, prefix_len = 0, zeroes;
	bool is_zero = v == 0;

	while (v) {
		text[n++] = digits[v % s->base];
		v /= s->base;
	}
	if (is_zero && s->precision != 0) {
		text[n++] = '0';
	}
	if (s->negative) {
		prefix[prefix_len++] = '-';
	} else if (s->plus) {
		prefix[prefix_len++] = '+';
	} else if (s->space) {
		prefix[prefix_len++] = ' ';
	}
	if (s->alt && s->base == 16 && !is_zero) {
		prefix[prefix_len++] = '0';
		prefix[prefix_len++] = s->upper ? 'X' : 'x';
	}
	zeroes = s->precision - n;
	if (s->precision < 0 && s->zero && !s->left) {
		zeroes = s->width - prefix_len - n;
	}
	zeroes = MAX(zeroes, 0);
	if (!s->left) {
		pad(o, ' ', s->width - prefix_len - zeroes - n);
	}
	for (int i = 0; i < prefix_len; i++) {
		put(o, prefix[i]);
	}
	pad(o, '0', zeroes);
	for (int i = n; i > 0; i--) {
		put(o, text[i - 1]);
	}
	if (s->left) {
		pad(o, ' ', s->width - prefix_len - zeroes - n);
	}
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			s->left = true;
			break;
		case '0':
			s->zero = true;
			break;
		case '+':
			s->plus = true;
			break;
		case ' ':
			s->space = true;
			break;
		case '#':
			s->alt = true;
			break;
		default:
			return f;
		}
	}
}

static const char *parse_count(const char *f, int *out, va_list *ap)
{
	int v = 0;

	if (*f == '*') {
		*out = va_arg(*ap, int);
		return f + 1;
	}
	while (*f >= '0' && *f <= '9') {
		v = v < 10000 ? v * 10 + (*f - '0') : v;
		f++;
	}
	*out = v;
	return f;
}

static const char *parse_spec(const char *f, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .precision = -1, .base = 10 };
	f = parse_flags(f, s);
	f = parse_count(f, &s->width, ap);
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	if (*f == '.') {
		f = parse_count(f + 1, &s->precision, ap);
	}
	for (;; f++) {
		if (*f == 'h') {
			s->length--;
		} else if (*f == 'l' || *f == 'z') {
			s->length++;
		} else if (*f == 'j') {
			s->length = 2;
		} else {
			return f;
		}
	}
}

static int64_t signed_arg(const struct spec *s, va_list *ap)
{
	if (s->length > 1) {
		return va_arg(*ap, int64_t);
	}
	if (s->length == 1) {
		return va_arg(*ap, long);
	}
	if (s->length == 0) {
		return va_arg(*ap, int);
	}
	return s->length == -1 ? (int16_t)va_arg(*ap, int) : (int8_t)va_arg(*ap, int);
}

static uint64_t unsigned_arg(const struct spec *s, va_list *ap)
{
	if (s->length > 1) {
		return va_arg(*ap, uint64_t);
	}
	if (s->length == 1) {
		return va_arg(*ap, unsigned long);
	}
	if (s->length == 0) {
		return va_arg(*ap, unsigned int);
	}
	return s->length == -1 ? (uint16_t)va_arg(*ap, int) : (uint8_t)va_arg(*ap, int);
}

static void put_conversion(struct output *o, char c, struct spec *s, va_list *ap)
{
	char text[2] = { 0, 0 };
	int64_t v;

	switch (c) {
	case 'd':
	case 'i':
		v = signed_arg(s, ap);
		s->negative = v < 0;
		put_number(o, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
		break;
	case 'X':
		s->upper = true;
		/* fallthrough */
	case 'x':
		s->base = 16;
		put_number(o, s, unsigned_arg(s, ap));
		break;
	case 'o':
		s->base = 8;
		/* fallthrough */
	case 'u':
		put_number(o, s, unsigned_arg(s, ap));
		break;
	case 'p':
		s->base = 16;
		s->precision = 2 * sizeof(void *);
		put_number(o, s, (uintptr_t)va_arg(*ap, void *));
		break;
	case 'c':
		text[0] = (char)va_arg(*ap, int);
		s->precision = 1;
		put_string(o, s, text);
		break;
	case 's':
		put_string(o, s, va_arg(*ap, const char *));
		break;
	case '%':
		put(o, '%');
		break;
	default:
		put(o, '%');
		put(o, c);
		break;
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct output o = { buf, size, 0 };
	struct spec s;
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s, &ap);
		if (!*fmt) {
			break;
		}
		put_conversion(&o, *fmt++, &s, &ap);
	}
	va_end(ap);
	if (size) {
		buf[MIN(o.len, size - 1)] = '\0';
	}
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
