/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "client.h"

typedef struct {
	const char *name;
	const char *usage; /* of the arguments */
	const char *help;
	int min, max; /* how many arguments; max -1: any */
	bool (*run)(Client *client, char **args, GError **error);
} Command;

/* Each ends with a row without name. */
extern const Command vm_commands[];
extern const Command host_commands[];

/* commands-console.c */
bool command_console(Client *client, char **args, GError **error);
