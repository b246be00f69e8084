/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/addr.h>

/* The boot screen (drivers/screen.c): VGA text or a framebuffer, until the service VM takes the hardware. */
void screen_init(void);
/* The service VM maps device frame m: when that is the screen, we stop writing to it. Any context. */
void screen_frame_taken(mfn_t m);
