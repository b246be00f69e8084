/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

enum log_level {
	LOG_ERR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

/*
 * One line (or part of one) to the console ring and, when the level passes loglvl=, to the consoles.
 * Any context, any CPU, interrupts on or off. A line ends with "\n" in fmt.
 */
void log_printf(enum log_level level, const char *fmt, ...) __printf(2, 3);

/* The same for what a guest can cause: passes guest_loglvl= and is rate limited. */
void log_guest(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define log_err(...)	log_printf(LOG_ERR, __VA_ARGS__)
#define log_warn(...)	log_printf(LOG_WARN, __VA_ARGS__)
#define log_info(...)	log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	log_printf(LOG_DEBUG, __VA_ARGS__)
#define glog_warn(...)	log_guest(LOG_WARN, __VA_ARGS__)
#define glog_info(...)	log_guest(LOG_INFO, __VA_ARGS__)
#define glog_debug(...)	log_guest(LOG_DEBUG, __VA_ARGS__)
