/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands between a guest's console and the application, and the counters' history. */
#include "console-filter.h"
#include "history.h"
#include "plot-scale.h"
#include "text-screen.h"

#include <string.h>

static char *filter(UiConsoleFilter *filter, const char *input, bool answer, gint64 now)
{
	GByteArray *out = g_byte_array_new();

	ui_console_filter_feed(filter, (const guint8 *)input, strlen(input), answer, now, out);
	g_byte_array_append(out, (const guint8 *)"", 1);
	return (char *)g_byte_array_free(out, FALSE);
}

static void passes(const char *input, const char *expected)
{
	g_autoptr(UiConsoleFilter) one = ui_console_filter_new();
	g_autoptr(UiConsoleFilter) bytewise = ui_console_filter_new();
	g_autoptr(GString) joined = g_string_new(NULL);
	g_autofree char *whole = filter(one, input, true, 0);

	g_assert_cmpstr(whole, ==, expected);
	/* Where the stream is cut must not matter. */
	for (; *input; input++) {
		char byte[2] = {*input, '\0'};
		g_autofree char *some = filter(bytewise, byte, true, 0);

		g_string_append(joined, some);
	}
	g_assert_cmpstr(joined->str, ==, expected);
}

static void same(const char *input)
{
	passes(input, input);
}

static void test_filter_passes(void)
{
	same("plain text\r\n\tmore\b\v\f");
	same("\303\244\303\266\342\202\254 \302\240 \360\237\230\200");
	same("\033[1;31mred\033[m \033[38;5;200mx\033[48:2::1:2:3my");
	same("\033[2J\033[H\033[10;20f\033[K\033[3L\033[4M\033[5P\033[6@\033[7X\033[2;20r");
	same("\0337\0338\033D\033E\033M\033H\033c\033=\033>\033(0\033(B\033)A");
	same("\033[?25l\033[?25h\033[?1049h\033[?2004h\033[?1006l");
	same("\033[2 q\033[!p\033[?J\033[?K");
	same("\033[6n\033[c");
	passes("\033[?1;3;25h", "\033[?1h\033[?25h");
	passes("\302\233"
	       "31mred",
	       "\033[31mred");
	passes("\033[3\n1mred", "\n\033[31mred");
}

static void test_filter_drops(void)
{
	passes("a\033]0;title\007b", "ab");
	passes("a\033]52;c;aGVsbG8=\033\\b", "ab");
	passes("a\033]8;;http://evil.example/\033\\link\033]8;;\007b", "alinkb");
	passes("a\302\235"
	       "52;c;aGVsbG8=\302\234"
	       "b",
	       "ab");
	passes("a\033P1$r0m\033\\b\033_x\033\\c\033^y\033\\d\033Xz\033\\e", "abcde");
	passes("a\033[21t\033[8;999;999t\033[3;1;1tb", "ab");
	passes("a\033[5i\033[?1004h\033[?3h\033[?5h\033[x\033[?1$pb", "ab");
	passes("a\033[>c\033[=c\033[>4;2mb", "ab");
	passes("a\033%@b\033#8c\033Zd\033nf", "abcdf");
	passes("\007a\007\005b\016\017", "ab\016\017");
	passes("a\033[99999999999mb\033[12345Hc", "abc");
	passes("a\033[1?2mb\033[1 2mc\033[  qd", "abcd");
	passes("a\033[31\030b\033]0;x\032c\033[3\303\244", "abc\303\244");
	/* Two halves that a dropped byte held apart must not become a control. */
	passes("\302\030\23552;c;x\007", "\357\277\275\23552;c;x");
	passes("\302\177\235", "\357\277\275\235");
	/* ESC in a string begins anew: what follows is no part of it. */
	passes("a\033]0;x\033[31mb", "a\033[31mb");
}

static void test_filter_long(void)
{
	g_autoptr(GString) input = g_string_new("a\033]52;c;");
	g_autoptr(UiConsoleFilter) one = ui_console_filter_new();
	g_autofree char *output = NULL;

	for (guint i = 0; i < 100000; i++) {
		g_string_append_c(input, 'A');
	}
	output = filter(one, input->str, true, 0);
	/* A string without an end is given up; the console goes on. */
	g_assert_cmpuint(strlen(output), >, 90000);
	g_assert_cmpuint(strlen(output), <=, 100001 - 4000);
	g_string_assign(input, "\033[");
	for (guint i = 0; i < 100000; i++) {
		g_string_append_c(input, ';');
	}
	g_string_append(input, "mok");
	g_free(output);
	output = filter(one, input->str, true, 0);
	g_assert_cmpstr(output, ==, "ok");
}

static void test_filter_questions(void)
{
	g_autoptr(UiConsoleFilter) one = ui_console_filter_new();
	g_autoptr(GString) storm = g_string_new(NULL);
	g_autofree char *backlog = filter(one, "\033[6n\033[c\033[?6n", false, 0);
	g_autofree char *first = NULL, *later = NULL;

	g_assert_cmpstr(backlog, ==, "");
	for (guint i = 0; i < 1000; i++) {
		g_string_append(storm, "\033[6n");
	}
	first = filter(one, storm->str, true, G_USEC_PER_SEC);
	g_assert_cmpuint(strlen(first), ==, 4 * UI_CONSOLE_FILTER_QUESTIONS);
	later = filter(one, "\033[c", true, 2 * G_USEC_PER_SEC);
	g_assert_cmpstr(later, ==, "\033[c");
}

/* Noise of the kind that finds holes: nothing but what is allowed may come out. */
static void test_filter_noise(void)
{
	static const char alphabet[] =
	    "\033\033[]P_X^\\0123456789;:?>= !$hlmtnc\007\302\235\234\233a\r\n";
	g_autoptr(GRand) dice = g_rand_new_with_seed(4);
	g_autoptr(UiConsoleFilter) one = ui_console_filter_new();
	g_autoptr(UiTextScreen) screen = ui_text_screen_new();

	for (guint round = 0; round < 2000; round++) {
		g_autoptr(GByteArray) out = g_byte_array_new();
		guint8 bytes[512];

		for (gsize i = 0; i < sizeof(bytes); i++) {
			bytes[i] = round % 2 ? (guint8)g_rand_int(dice)
					     : (guint8)alphabet[(guint)g_rand_int_range(
						   dice, 0, sizeof(alphabet) - 1)];
		}
		ui_console_filter_feed(one, bytes, sizeof(bytes), true, round * 1000, out);
		ui_text_screen_feed(screen, bytes, sizeof(bytes));
		g_assert_cmpuint(out->len, <=, UI_CONSOLE_FILTER_GROWTH * sizeof(bytes) + 64);
		for (guint i = 0; i + 1 < out->len; i++) {
			g_assert_false(out->data[i] == '\007');
			g_assert_false(out->data[i] == '\033' &&
				       strchr("]P_X^\033", out->data[i + 1]));
			g_assert_false(out->data[i] == 0xc2 && out->data[i + 1] >= 0x80 &&
				       out->data[i + 1] < 0xa0);
		}
	}
}

static void shows(const char *input, guint row, const char *expected)
{
	g_autoptr(UiTextScreen) screen = ui_text_screen_new();
	g_autofree char *line = NULL;

	ui_text_screen_feed(screen, (const guint8 *)input, strlen(input));
	line = ui_text_screen_line(screen, row);
	g_assert_cmpstr(line, ==, expected);
}

static void test_screen(void)
{
	g_autoptr(GString) many = g_string_new(NULL);

	shows("login: root\r\nWelcome", 0, "login: root");
	shows("login: root\r\nWelcome", 1, "Welcome");
	shows("abc\rX", 0, "Xbc");
	shows("abc\b\bX", 0, "aXc");
	shows("a\tb", 0, "a       b");
	shows("\033[2;3Hxy", 1, "  xy");
	shows("abcdef\033[3D\033[K", 0, "abc");
	shows("abc\033[2Jd", 0, "   d");
	shows("abc\033[1;2H\033[P", 0, "ac");
	shows("abc\033[1;2H\033[2@", 0, "a  bc");
	shows("a\r\nb\r\nc\033[2;1H\033[M", 1, "c");
	shows("a\r\nb\033[1;1H\033[L", 2, "b");
	shows("a\r\nb\033[1;1H\033M", 2, "b");
	shows("\303\244\342\202\254x", 0, "\303\244\342\202\254x");
	shows("\303x\377y", 0, "\357\277\275x\357\277\275y");
	shows("\346\274\242x", 0, "\346\274\242 x");
	shows("\033]0;title\007text", 0, "text");
	shows("old\033[?1049hnew", 0, "new");
	shows("\033[999;999Hx\033[999A\033[999Dy", 0, "y");
	shows("x\033[9999L\033[9999M\033[9999S\033[9999T\033[9999X\033[9999P\033[9999@", 0, "");
	for (guint i = 0; i < 100; i++) {
		g_string_append_printf(many, "line %u\r\n", i);
	}
	shows(many->str, UI_TEXT_SCREEN_ROWS - 2, "line 99");
	shows(many->str, 0, "line 76");
	g_string_assign(many, "");
	for (guint i = 0; i < 100; i++) {
		g_string_append_c(many, 'x');
	}
	shows(many->str, 1, "xxxxxxxxxxxxxxxxxxxx");
}

static void test_screen_colours(void)
{
	g_autoptr(UiTextScreen) screen = ui_text_screen_new();
	const char *text = "a\033[31mb\033[92;44mc\033[md\033[7me";
	const UiTextCell *row;

	ui_text_screen_feed(screen, (const guint8 *)text, strlen(text));
	row = ui_text_screen_row(screen, 0);
	g_assert_cmpuint(row[0].colour, ==, UI_TEXT_SCREEN_DEFAULT);
	g_assert_cmpuint(row[1].colour, ==, 1);
	g_assert_cmpuint(row[2].colour, ==, 10);
	g_assert_cmpuint(row[2].back, ==, 4);
	g_assert_cmpuint(row[3].colour, ==, UI_TEXT_SCREEN_DEFAULT);
	g_assert_cmpuint(row[3].back, ==, UI_TEXT_SCREEN_DEFAULT);
}

#define SECOND ((guint64)G_USEC_PER_SEC)

static void test_history_rates(void)
{
	g_autoptr(UiHistory) history = ui_history_new();
	UiCounters counters = {.cpu_time = 5000000000, .cpu_count = 2, .memory = 1 << 20};

	g_assert_cmpfloat(ui_history_last(history)->cpu, ==, 0);
	ui_history_add(history, 10 * SECOND, &counters);
	g_assert_cmpfloat(ui_history_last(history)->cpu, ==, 0);
	g_assert_cmpfloat(ui_history_last(history)->memory, ==, 1 << 20);
	counters.cpu_time += 1000000000;
	counters.disk_read += 1000;
	counters.disk_written += 2000;
	counters.net_received += 3000;
	counters.net_sent += 4000;
	ui_history_add(history, 12 * SECOND, &counters);
	g_assert_cmpfloat(ui_history_last(history)->cpu, ==, 0.25);
	g_assert_cmpfloat(ui_history_last(history)->disk_read, ==, 500);
	g_assert_cmpfloat(ui_history_last(history)->disk_written, ==, 1000);
	g_assert_cmpfloat(ui_history_last(history)->net_received, ==, 1500);
	g_assert_cmpfloat(ui_history_last(history)->net_sent, ==, 2000);
	ui_history_add(history, 12 * SECOND, &counters);
	g_assert_cmpuint(ui_history_length(history), ==, 2);
	counters.cpu_time += 100000000000;
	ui_history_add(history, 13 * SECOND, &counters);
	g_assert_cmpfloat(ui_history_last(history)->cpu, ==, 1);
}

static void test_history_resets(void)
{
	g_autoptr(UiHistory) history = ui_history_new();
	UiCounters counters = {.cpu_time = 5000000000, .cpu_count = 1, .net_sent = 1 << 30};

	ui_history_add(history, 1 * SECOND, &counters);
	counters.cpu_time = 0;
	counters.net_sent = 10;
	ui_history_add(history, 2 * SECOND, &counters);
	g_assert_cmpfloat(ui_history_last(history)->net_sent, ==, 0);
	counters.net_sent = 20;
	ui_history_add(history, 3 * SECOND, &counters);
	g_assert_cmpfloat(ui_history_last(history)->net_sent, ==, 10);
	/* Off, and on again with counters above the old ones: still another run. */
	ui_history_add(history, 4 * SECOND, NULL);
	g_assert_cmpfloat(ui_history_last(history)->memory, ==, 0);
	counters.net_sent = 1 << 20;
	ui_history_add(history, 5 * SECOND, &counters);
	g_assert_cmpfloat(ui_history_last(history)->net_sent, ==, 0);
}

static void test_history_ring(void)
{
	g_autoptr(UiHistory) history = ui_history_new();

	for (guint i = 1; i <= 3 * UI_HISTORY_SAMPLES + 7; i++) {
		UiCounters counters = {.memory = i};

		ui_history_add(history, i * SECOND, &counters);
		g_assert_cmpuint(ui_history_length(history), ==, MIN(i, UI_HISTORY_SAMPLES));
		g_assert_cmpfloat(ui_history_last(history)->memory, ==, i);
	}
	g_assert_cmpfloat(ui_history_at(history, 0)->memory, ==, 2 * UI_HISTORY_SAMPLES + 8);
}

static void reads(UiPlotUnit unit, double value, const char *expected)
{
	g_autofree char *text = ui_plot_text(unit, value);
	g_auto(GStrv) parts = g_strsplit(text, "\302\240", -1);
	g_autofree char *plain = g_strjoinv(" ", parts);

	g_assert_cmpstr(plain, ==, expected);
}

static void test_plot_scale(void)
{
	g_assert_cmpfloat(ui_plot_round_top(0), ==, 1024);
	g_assert_cmpfloat(ui_plot_round_top(1025), ==, 2048);
	g_assert_cmpfloat(ui_plot_round_top(600 * 1024), ==, 1 << 20);
	g_assert_cmpfloat(ui_plot_round_top(3.0 * (1 << 20)), ==, 5.0 * (1 << 20));
	for (double value = 1; value < 1e17; value *= 1.37) {
		g_assert_cmpfloat(ui_plot_round_top(value), >=, value);
		g_assert_cmpfloat(ui_plot_round_top(value), <=, MAX(2.5 * value, 1024));
	}
	reads(UI_PLOT_SHARE, 0.124, "12 %");
	reads(UI_PLOT_BYTES, 1 << 30, "1.0 GiB");
	reads(UI_PLOT_RATE, 20 * 1024, "20.0 KiB/s");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/filter/passes", test_filter_passes);
	g_test_add_func("/filter/drops", test_filter_drops);
	g_test_add_func("/filter/long", test_filter_long);
	g_test_add_func("/filter/questions", test_filter_questions);
	g_test_add_func("/filter/noise", test_filter_noise);
	g_test_add_func("/screen/text", test_screen);
	g_test_add_func("/screen/colours", test_screen_colours);
	g_test_add_func("/history/rates", test_history_rates);
	g_test_add_func("/history/resets", test_history_resets);
	g_test_add_func("/history/ring", test_history_ring);
	g_test_add_func("/plot/scale", test_plot_scale);
	return g_test_run();
}
