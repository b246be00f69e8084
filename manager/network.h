/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.mullion.Network1: what network cards are plugged into. Main thread only unless said
 * otherwise. */
#pragma once

#include "manager.h"

#define NETWORK_SUFFIX	".network"
#define NETWORK_DEFAULT "default"

/* What bringing it up needs; a copy, for threads. */
typedef struct {
	char *name;
	char *mode;    /* nat isolated bridge */
	char *bridge;  /* "mbr-" and more, or with mode bridge an existing one */
	char *address; /* "10.7.0.1/24", "" with mode bridge */
	char *run_folder;
} NetworkSpec;

void network_spec_free(NetworkSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkSpec, network_spec_free)
/* NULL: no such network. */
NetworkSpec *network_spec(const Manager *manager, const char *name);
/* Any thread: bring it up, or see that it is. */
bool network_up(const NetworkSpec *spec, GError **error);
/* Any thread: take down what network_up() made. */
bool network_down(const NetworkSpec *spec, GError **error);
/* It is up. */
void network_set_active(Manager *manager, const char *name);
/* Name of the network of mode bridge whose bridge this is, or NULL. XlcfgNetworkFunc with the
 * Manager as data. */
const char *network_of_bridge(const char *bridge, gpointer manager);

/* Read all networks, writing the default one when there is none, and export them. */
void network_load_all(Manager *manager, GVariantBuilder *broken);
void network_free(Network *network);
/* Bring up those with autostart. */
void network_autostart(Manager *manager);
void network_handle_create(gpointer manager, GVariant *args, GDBusMethodInvocation *call);
